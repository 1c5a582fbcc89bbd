import { createPinoLogger } from '../lifecycle/logger.ts';
import type { RoleContext, StartedRole } from '../lifecycle/run-role.ts';
import { runLedger } from '../../ledger/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import type { SettingsOf } from '../settings/index.ts';
import { requireCurrentSchema } from './current-schema.ts';
import { ledgerAddress } from './ledger-address.ts';

/** The single writer of the books: leads, or stands by until the leader is gone. */
export async function startLedger(
  settings: SettingsOf<'ledger'>,
  { fail }: RoleContext,
): Promise<StartedRole> {
  const database = parsePostgresUrl(settings.TRILOCK_LEDGER_DATABASE_URL);
  await requireCurrentSchema(database, 'ledger');
  const listen = ledgerAddress(settings.TRILOCK_LEDGER_SOCKET);
  const ledger = await runLedger({ database, listen }, createPinoLogger(settings.TRILOCK_LOG_LEVEL));
  ledger.ended.catch(fail);
  await ledger.ready;
  return {
    facts: { socket: settings.TRILOCK_LEDGER_SOCKET },
    checks: () => {
      const { sequence, unindexedBytes, connections } = ledger.measures();
      const note = `${ledger.role()} at batch ${sequence}, ${unindexedBytes} bytes not indexed, ${connections} clients`;
      return Promise.resolve([{ name: 'log', ok: true, note }]);
    },
    stop: () => ledger.stop(),
  };
}
