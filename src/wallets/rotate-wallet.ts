import type { DatabaseTransaction } from '../database/index.ts';
import { idFromUuid, idToUuid, type CustomerId, type WalletId } from '../shared/index.ts';
import { WalletError } from './errors.ts';
import { requestWallet } from './request-wallet.ts';
import { record, type Cause } from './wallet-audit.ts';
import type { WalletParts } from './wallet-parts.ts';
import { lockWallet } from './wallet-store.ts';
import type { Wallet } from './wallet.ts';

export interface RotationRequest {
  /** Of the new wallet. */
  readonly id: WalletId;
  /** New ones of the customer's own, as many as the plan has: a key stands in one descriptor ever. */
  readonly customerKeys: readonly unknown[];
  readonly reason: string;
}

/**
 * An open wallet of a customer that nothing has taken the place of.
 * @throws WalletError `wallet_not_open`, `wallet_replaced`.
 */
export async function requireRotatable(
  tx: DatabaseTransaction,
  { id, state, customerId: customer }: Wallet,
): Promise<{ readonly customer: CustomerId }> {
  if (state !== 'open' || customer === null) {
    throw new WalletError('wallet_not_open', 'Only an open wallet of a customer is replaced.', {
      details: { state },
    });
  }
  const underWay = await tx.wallet.findFirst({
    where: { replacesId: idToUuid(id), state: { not: 'failed' } },
    select: { id: true },
  });
  if (underWay !== null) {
    throw new WalletError('wallet_replaced', 'The wallet is being replaced already, or was.', {
      details: { replacement: idFromUuid('wallet', underWay.id) },
    });
  }
  return { customer };
}

/**
 * Asks for a wallet that takes the place of another of the same customer and plan: every key is one that no wallet
 * has had, since a key stands in one descriptor ever. The old wallet stays watched, and what it holds is swept.
 * @throws WalletError `wallet_not_open`, `wallet_replaced`, `wallet_changed_meanwhile`, and those of `requestWallet`.
 */
export async function rotateWallet(
  tx: DatabaseTransaction,
  parts: WalletParts,
  old: Wallet,
  { id, customerKeys, reason }: RotationRequest,
  cause: Cause,
): Promise<Wallet> {
  await lockWallet(tx, old);
  const { plan, label } = old;
  const { customer } = await requireRotatable(tx, old);
  await record(tx, parts.clock, cause, 'wallet.rotate', old.id, { replacement: id, reason });
  return requestWallet(tx, parts, { id, customer, plan, label, customerKeys, replaces: old.id }, cause);
}
