import type { DatabaseTransaction } from '../database/index.ts';
import { idToUuid, type Satoshis, type WalletId } from '../shared/index.ts';
import type { SourceWallet } from './ports.ts';
import type { RequestParts } from './withdrawal-parts.ts';
import type { WithdrawalState } from './withdrawal.ts';

/** Backed by a hold, and without coins of their own yet. A draft that nobody signed keeps nobody from the wallet. */
const WAITING: readonly WithdrawalState[] = ['screened', 'awaiting_approval', 'approved', 'cooling_off'];

/** What is promised to withdrawals that have no coins yet, fee caps included. */
async function promised(tx: DatabaseTransaction, wallet: WalletId): Promise<bigint> {
  const { _sum: sum } = await tx.withdrawal.aggregate({
    where: { walletId: idToUuid(wallet), state: { in: [...WAITING] } },
    _sum: { amount: true, maxFee: true },
  });
  return (sum.amount ?? 0n) + (sum.maxFee ?? 0n);
}

/**
 * The wallet that pays a spending balance out: the hot one when it can pay `needed` beside all that waits for it, so
 * that no cold window is waited for; otherwise the treasury that a station cosigns. The intent names it from then on.
 */
export async function spendingSource(
  { wallets }: Pick<RequestParts, 'wallets'>,
  tx: DatabaseTransaction,
  needed: Satoshis,
): Promise<SourceWallet | undefined> {
  const hot = await wallets.hotTreasury(tx);
  if (hot !== undefined) {
    const free = (await wallets.spendable(tx, hot.id)) - (await promised(tx, hot.id));
    if (needed <= free) return hot;
  }
  return await wallets.treasury(tx);
}
