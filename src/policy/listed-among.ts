import type { DatabaseTransaction } from '../database/index.ts';
import type { Reputation } from './policy-document-contract.ts';

/** What stops a credit. What is only watched does not. */
const STOPS: readonly Reputation[] = ['blocked', 'sanctioned'];

/** What the lists in force say of these addresses, where it stops a credit: a sentence each, for staff. */
export async function listedAmong(
  tx: DatabaseTransaction,
  addresses: readonly string[],
  now: Date,
): Promise<readonly string[]> {
  const rows = await tx.listedAddress.findMany({
    where: {
      address: { in: [...addresses] },
      reputation: { in: [...STOPS] },
      OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
    },
    orderBy: { address: 'asc' },
  });
  return rows.map(({ address, reputation, source }) => `${address} is ${reputation} (${source}).`);
}
