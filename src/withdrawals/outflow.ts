import type { DatabaseTransaction } from '../database/index.ts';
import type { WithdrawalState } from './withdrawal.ts';

/** Where a platform signature may have left. What never was signed ends otherwise. */
const LEAVING: readonly WithdrawalState[] = [
  'awaiting_cosigner',
  'platform_signed',
  'broadcast',
  'confirmed',
  'replaced',
];

/** What the signer was asked for since then, in satoshis, that pays addresses outside; fees are not counted. */
export async function outflowSince(tx: DatabaseTransaction, since: Date): Promise<bigint> {
  const { _sum } = await tx.withdrawal.aggregate({
    where: {
      destination: 'address',
      state: { in: [...LEAVING] },
      payout: { is: { signerAskedAt: { gte: since } } },
    },
    _sum: { amount: true },
  });
  return _sum.amount ?? 0n;
}
