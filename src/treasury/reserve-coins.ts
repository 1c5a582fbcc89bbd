import type { BuiltSpend } from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { WalletId } from '../shared/index.ts';
import { reserveCoins } from '../wallets/index.ts';
import type { MoveId } from './move.ts';
import type { TreasuryParts } from './treasury-parts.ts';

/** Until it has ended or a block has spent them: a move frees its coins by a step of its own. */
const FOR_GOOD_MS = 100 * 365 * 24 * 3_600_000;

/** Keeps the coins of a move that was just built. @throws WalletError `coin_unavailable`. */
export async function reserveFor(
  { clock }: Pick<TreasuryParts, 'clock'>,
  tx: DatabaseTransaction,
  holder: MoveId,
  walletId: WalletId,
  { coins }: BuiltSpend,
): Promise<void> {
  const outpoints = coins.map(({ outpoint }) => {
    const [txid = '', vout = ''] = outpoint.split(':');
    return { txid, vout: Number(vout) };
  });
  const until = new Date(clock.nowMs() + FOR_GOOD_MS);
  await reserveCoins(tx, clock, { walletId, coins: outpoints, holder, until });
}
