import type { DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { LOW_POOL, poolLevels } from './key-pool.ts';
import { WORKER } from './wallet-audit.ts';
import type { WalletParts } from './wallet-parts.ts';
import { pooledRoles, type Wallet } from './wallet.ts';

/**
 * Tells operators, once for each time that a pool falls below the mark, within the transaction that takes the key.
 * Status and metric say it for as long as it lasts.
 */
export async function alarmOfLowPools(
  tx: DatabaseTransaction,
  { clock, network }: WalletParts,
  wallet: Pick<Wallet, 'id' | 'plan'>,
): Promise<void> {
  const levels = await poolLevels(tx, network);
  for (const role of pooledRoles(wallet.plan)) {
    if (levels[role] !== LOW_POOL - 1) continue;
    const text = `The pool of ${role} keys has fewer than ${LOW_POOL} left: make more at the station.`;
    const alert = { subject: wallet.id, code: 'pool_low', during: 'wallet.open', text };
    await raiseAlert(tx, alert, WORKER, clock);
  }
}
