import type { QueueActor, StoredIntent } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import {
  formatSatoshis,
  idToUuid,
  type CustomerId,
  type IntentId,
  type Satoshis,
  type StaffId,
  type WalletId,
} from '../shared/index.ts';
import { readTreasury, readWalletOf, WalletError } from '../wallets/index.ts';
import { LegalError } from './errors.ts';
import { findLegalHold, tell } from './legal-hold-store.ts';
import { decide, type LegalHold, type LegalHoldId } from './legal-hold.ts';
import type { LegalParts } from './legal-parts.ts';

export interface LegalOrder {
  readonly id: LegalHoldId;
  readonly customer: CustomerId;
  /** A vault of the customer; null for the spending balance. */
  readonly vault: WalletId | null;
  readonly satoshis: Satoshis;
  readonly reference: string;
  readonly authority: string;
  readonly reason: string;
  readonly imposedBy: StaffId;
}

async function walletOf(
  { network }: LegalParts,
  tx: DatabaseTransaction,
  { customer, vault }: LegalOrder,
): Promise<WalletId> {
  try {
    const isKnown = (await tx.customer.count({ where: { id: idToUuid(customer) } })) === 1;
    if (!isKnown) throw new LegalError('legal_hold_balance_unknown', 'There is no such customer.');
    const wallet = vault === null ? await readTreasury(tx, network) : await readWalletOf(tx, vault, customer);
    return wallet.id;
  } catch (cause) {
    if (!(cause instanceof WalletError)) throw cause;
    throw new LegalError('legal_hold_balance_unknown', 'The customer has no such balance.', { cause });
  }
}

/**
 * Enters a legal order. The worker holds what the balance has within moments, and the rest as it comes in.
 * @throws LegalError `legal_hold_empty`, `legal_hold_balance_unknown`.
 */
export async function imposeLegalHold(
  parts: LegalParts,
  tx: DatabaseTransaction,
  order: LegalOrder,
  by: QueueActor,
): Promise<LegalHold> {
  const { id, customer, vault, satoshis, reference, authority, reason, imposedBy } = order;
  if (satoshis === 0n) throw new LegalError('legal_hold_empty', 'An order to hold nothing is none.');
  const now = new Date(parts.clock.nowMs());
  await tx.legalHold.create({
    data: {
      ...{ satoshis, reference, authority, reason, imposedBy },
      id: idToUuid(id),
      customerId: idToUuid(customer),
      balance: vault === null ? 'spending' : 'vault',
      walletId: idToUuid(await walletOf(parts, tx, order)),
      state: 'holding',
      imposedAt: now,
      changedAt: now,
      lookAt: now,
    },
  });
  const hold = await findLegalHold(tx, id);
  await tell(tx, parts.clock, hold, 'legal_hold.imposed', by);
  return hold;
}

export interface LiftRequest {
  readonly intent: IntentId;
  readonly hold: LegalHoldId;
  readonly requester: StaffId;
  readonly reason: string;
}

/**
 * Writes down that a hold is to be lifted. The one who asks signs it next, others approve, and only then it is.
 * @throws LegalError `legal_hold_unknown`, `legal_hold_step_forbidden`.
 */
export async function requestLift(
  { queue }: LegalParts,
  tx: DatabaseTransaction,
  { intent: id, hold: holdId, requester, reason }: LiftRequest,
  by: QueueActor,
): Promise<StoredIntent> {
  const hold = await findLegalHold(tx, holdId);
  decide(hold.state, 'lift');
  const { customer, reference, imposedBy } = hold;
  if (imposedBy === requester) {
    throw new LegalError(
      'legal_hold_step_forbidden',
      'Whoever entered a legal order does not ask to lift it.',
    );
  }
  const body = {
    ...{ customer, hold: holdId, reference, imposedBy, reason },
    satoshis: formatSatoshis(hold.satoshis),
  };
  return await queue.submit(tx, await queue.draft(tx, { kind: 'legal_hold_lift', id, requester, body }), by);
}
