import { SharedError } from '../../shared/index.ts';
import { startRegtestNode } from '../../chain/index.ts';
import type { StartedRole } from '../lifecycle/run-role.ts';
import type { SettingsOf } from '../settings/index.ts';

/** A regtest node for the sandbox: embedded, or the bitcoind that the operator names. */
export async function startNode(settings: SettingsOf<'node'>): Promise<StartedRole> {
  const dataDirectory = settings.TRILOCK_DATA_DIRECTORY;
  if (dataDirectory === undefined) {
    throw new SharedError(
      'config_invalid',
      'TRILOCK_DATA_DIRECTORY is not set: the node keeps its chain there.',
    );
  }
  const bitcoindBinary = settings.BITCOIND_BIN;
  const node = await startRegtestNode({
    dataDirectory,
    rpcPort: settings.TRILOCK_NODE_RPC_PORT,
    ...(bitcoindBinary === undefined ? {} : { bitcoindBinary }),
  });
  return {
    facts: { kind: node.kind, url: node.url, cookieFile: node.credentials.cookieFile },
    checks: async () => {
      const height = await node.control.height();
      return [{ name: 'chain', ok: true, note: `height ${height}` }];
    },
    stop: () => node.stop(),
  };
}
