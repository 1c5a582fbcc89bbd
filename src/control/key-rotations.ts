import {
  settleApproved,
  WORKER,
  type QueueActor,
  type SettleParts,
  type StoredIntent,
} from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { parseKeyAttestation, type KeyRotationIntent } from '../intents/index.ts';
import { newId, parseId, type IntentId, type StaffId, type WalletId } from '../shared/index.ts';
import { readWallet, requireRotatable, rotateWallet, type WalletParts } from '../wallets/index.ts';

export type RotationStepParts = SettleParts & WalletParts;
export type RotationRequestParts = Pick<SettleParts, 'queue'>;

export interface RotationRequest {
  readonly intent: IntentId;
  readonly wallet: WalletId;
  readonly requester: StaffId;
  readonly customerKeys: readonly unknown[];
  readonly reason: string;
}

/**
 * Writes down that a wallet is to be replaced by one with other keys. The one who asks signs it next, others approve,
 * and only then it is asked for.
 * @throws WalletError `wallet_unknown`, `wallet_not_open`, `wallet_replaced`; IntentError about the customer's keys.
 */
export async function requestRotation(
  { queue }: RotationRequestParts,
  tx: DatabaseTransaction,
  { intent: id, wallet, requester, customerKeys, reason }: RotationRequest,
  by: QueueActor,
): Promise<StoredIntent> {
  const { customer } = await requireRotatable(tx, await readWallet(tx, wallet));
  const body = {
    ...{ customer, wallet, reason, replacement: newId('wallet') },
    customerKeys: customerKeys.map(parseKeyAttestation),
  };
  return await queue.submit(tx, await queue.draft(tx, { kind: 'key_rotation', id, requester, body }), by);
}

async function carryOut(
  parts: RotationStepParts,
  tx: DatabaseTransaction,
  { intent }: StoredIntent<KeyRotationIntent>,
): Promise<string | undefined> {
  const { wallet, customer, replacement, customerKeys, reason } = intent.body;
  const old = await readWallet(tx, parseId('wallet', wallet));
  if (old.customerId !== customer) return 'The wallet is not this customer’s.';
  const wish = { id: parseId('wallet', replacement), customerKeys, reason };
  await rotateWallet(tx, parts, old, wish, WORKER);
  return undefined;
}

/** Asks for the wallets that were approved. May be repeated after a crash anywhere. @returns how many. */
export async function settleKeyRotations(parts: RotationStepParts): Promise<number> {
  return await settleApproved(parts, {
    ...{ kind: 'key_rotation', during: 'wallet.rotate' },
    act: (tx, stored) => carryOut(parts, tx, stored),
  });
}
