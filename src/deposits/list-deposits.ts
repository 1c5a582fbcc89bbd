import { idToUuid, type CustomerId, type Id, type WalletId } from '../shared/index.ts';
import { depositOf, WITH_COIN, type Tables } from './deposit-store.ts';
import type { Deposit, DepositState } from './deposit.ts';

export interface DepositQuery {
  /** Null: everybody's. */
  readonly customer: CustomerId | null;
  readonly walletId: WalletId | null;
  readonly state: DepositState | null;
  /** The last one of the page before. */
  readonly after: { readonly detectedAt: Date; readonly id: Id<'deposit'> } | null;
  readonly limit: number;
}

/** Newest first; those of one block by id. */
export async function listDeposits(
  tables: Tables,
  { customer, walletId, state, after, limit }: DepositQuery,
): Promise<{ readonly items: readonly Deposit[]; readonly more: boolean }> {
  const older =
    after === null
      ? {}
      : {
          OR: [
            { detectedAt: { lt: after.detectedAt } },
            { detectedAt: after.detectedAt, id: { lt: idToUuid(after.id) } },
          ],
        };
  const rows = await tables.deposit.findMany({
    where: {
      ...(customer === null ? {} : { customerId: idToUuid(customer) }),
      ...(walletId === null ? {} : { walletId: idToUuid(walletId) }),
      ...(state === null ? {} : { state }),
      ...older,
    },
    include: WITH_COIN,
    orderBy: [{ detectedAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
  });
  return { items: rows.slice(0, limit).map(depositOf), more: rows.length > limit };
}
