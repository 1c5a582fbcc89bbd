import { connectNode } from '../../chain/index.ts';
import { openPool, parsePostgresUrl } from '../../postgres/index.ts';
import type { StartedRole } from '../lifecycle/run-role.ts';
import type { SettingsOf } from '../settings/index.ts';
import { rpcCredentials } from './bitcoin-connection.ts';
import { requireCurrentSchema } from './current-schema.ts';

/** What happens without anybody asking: following the chain, carrying withdrawals on, sealing, delivering. */
export async function startWorker(settings: SettingsOf<'worker'>): Promise<StartedRole> {
  const config = parsePostgresUrl(settings.DATABASE_URL);
  await requireCurrentSchema(config, 'app');
  const pool = openPool(config, { applicationName: 'trilock worker' });
  const node = connectNode({ url: settings.TRILOCK_BITCOIN_RPC_URL, credentials: rpcCredentials(settings) });
  return {
    facts: {},
    checks: async () => {
      await pool.query('SELECT 1');
      const { height } = await node.tip();
      return [
        { name: 'database', ok: true, note: 'answers' },
        { name: 'node', ok: true, note: `height ${height}` },
      ];
    },
    stop: async () => {
      await pool.end();
    },
  };
}
