import { idToUuid, type CustomerId, type WalletId } from '../shared/index.ts';
import { walletOf, type Tables } from './wallet-store.ts';
import type { Wallet } from './wallet.ts';

export interface WalletPage {
  readonly items: readonly Wallet[];
  /** Where the next page begins; null on the last one. */
  readonly next: WalletId | null;
}

/** Wallets by id: those of one customer, or all. */
export async function listWallets(
  tables: Tables,
  page: { readonly customer: CustomerId | null; readonly after: WalletId | null; readonly limit: number },
): Promise<WalletPage> {
  const { customer, after, limit } = page;
  const rows = await tables.wallet.findMany({
    where: {
      ...(customer === null ? {} : { customerId: idToUuid(customer) }),
      ...(after === null ? {} : { id: { gt: idToUuid(after) } }),
    },
    orderBy: { id: 'asc' },
    take: limit + 1,
  });
  const items = rows.slice(0, limit).map(walletOf);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
