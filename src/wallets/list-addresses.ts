import { addressOf, type GivenAddress } from './addresses.ts';
import type { Tables } from './wallet-store.ts';

/**
 * Receive addresses that were given out, by index. `after`: the index of the last one of the page before, in
 * decimal digits.
 */
export async function listGiven(
  tables: Tables,
  whose: { readonly walletId: string; readonly customerId?: string },
  after: string | undefined,
  limit: number,
): Promise<{ readonly items: readonly GivenAddress[]; readonly next: string | null }> {
  const rows = await tables.walletAddress.findMany({
    where: {
      ...whose,
      branch: 'receive',
      givenAt: { not: null },
      index: { gt: after === undefined ? -1 : Number(after) },
    },
    orderBy: { index: 'asc' },
    take: limit + 1,
  });
  const items = rows.slice(0, limit).map(addressOf);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? String(last.index) : null };
}
