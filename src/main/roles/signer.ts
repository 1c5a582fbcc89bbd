import { connect, parsePostgresUrl } from '../../postgres/index.ts';
import { callWire, createWireServer } from '../../signer/index.ts';
import { endpointTarget, listenOn } from '../lifecycle/endpoint.ts';
import type { RoleContext, StartedRole } from '../lifecycle/run-role.ts';
import type { SettingsOf } from '../settings/index.ts';
import { requireCurrentSchema } from './current-schema.ts';

const WITNESS_TIMEOUT_MS = 5_000;

/** The platform cosigner, over its own database and its own witness. */
export async function startSigner(
  settings: SettingsOf<'signer'>,
  context: RoleContext,
): Promise<StartedRole> {
  const database = parsePostgresUrl(settings.TRILOCK_SIGNER_DATABASE_URL);
  await requireCurrentSchema(database, 'signer');
  const server = createWireServer({
    methods: {},
    onFailure: (method, thrown) => context.log.error('call failed', { operationId: method, error: thrown }),
  });
  await listenOn(server, settings.TRILOCK_SIGNER_SOCKET);
  const witness = endpointTarget(settings.TRILOCK_WITNESS_SOCKET);
  return {
    facts: { socket: settings.TRILOCK_SIGNER_SOCKET },
    checks: async () => {
      const client = await connect(database);
      await client.end();
      await callWire(witness, 'head', null, WITNESS_TIMEOUT_MS);
      return [
        { name: 'database', ok: true, note: 'answers' },
        { name: 'witness', ok: true, note: 'answers' },
      ];
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
