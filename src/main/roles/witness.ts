import { createWireServer } from '../../signer/index.ts';
import { openWitness } from '../../signer/witness/index.ts';
import { listenOn } from '../lifecycle/endpoint.ts';
import type { RoleContext, StartedRole } from '../lifecycle/run-role.ts';
import type { SettingsOf } from '../settings/index.ts';

/** The witness: one key, one small file, and no knowledge of anything else. */
export async function startWitness(
  settings: SettingsOf<'witness'>,
  context: RoleContext,
): Promise<StartedRole> {
  const witness = await openWitness(settings.TRILOCK_WITNESS_DIRECTORY);
  const server = createWireServer({
    methods: witness.methods,
    onFailure: (method, thrown) => context.log.error('call failed', { operationId: method, error: thrown }),
  });
  await listenOn(server, settings.TRILOCK_WITNESS_SOCKET);
  return {
    facts: { socket: settings.TRILOCK_WITNESS_SOCKET, publicKey: witness.publicKey },
    checks: () => {
      const note = `${witness.memory()?.statement.counter ?? 0} statements countersigned`;
      return Promise.resolve([{ name: 'memory', ok: true, note }]);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
