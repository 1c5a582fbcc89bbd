import { connectNode } from '../../chain/index.ts';
import { AUDIT_STREAM } from '../../audit/index.ts';
import { openDatabase, runSealer } from '../../database/index.ts';
import { EVENT_STREAM } from '../../events/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import type { RoleContext, StartedRole } from '../lifecycle/run-role.ts';
import type { SettingsOf } from '../settings/index.ts';
import { rpcCredentials } from './bitcoin-connection.ts';
import { requireCurrentSchema } from './current-schema.ts';

/** What happens without anybody asking: following the chain, carrying withdrawals on, sealing, delivering. */
export async function startWorker(
  settings: SettingsOf<'worker'>,
  { log, fail }: RoleContext,
): Promise<StartedRole> {
  const config = parsePostgresUrl(settings.DATABASE_URL);
  await requireCurrentSchema(config, 'app');
  const database = openDatabase(config, { applicationName: 'trilock worker' });
  const node = connectNode({ url: settings.TRILOCK_BITCOIN_RPC_URL, credentials: rpcCredentials(settings) });
  const stopping = new AbortController();
  const sealing = runSealer(database, [AUDIT_STREAM, EVENT_STREAM], {
    signal: stopping.signal,
    onFailure: (stream, error) => log.error('sealing failed', { component: stream, error }),
  });
  sealing.catch(fail);
  return {
    facts: {},
    checks: async () => {
      await database.$queryRaw`SELECT 1`;
      const { height } = await node.tip();
      return [
        { name: 'database', ok: true, note: 'answers' },
        { name: 'node', ok: true, note: `height ${height}` },
      ];
    },
    stop: async () => {
      stopping.abort();
      await sealing;
      await database.$disconnect();
    },
  };
}
