import type { LedgerAddress } from '../../ledger/client/index.ts';
import { SharedError } from '../../shared/index.ts';
import { endpointTarget } from '../lifecycle/endpoint.ts';

/** The ledger speaks to its own host alone. @throws SharedError `config_invalid` for another. */
export function ledgerAddress(endpoint: string): LedgerAddress {
  const target = endpointTarget(endpoint);
  if ('path' in target) return target;
  const { host, port } = target;
  if (host === '127.0.0.1' || host === '::1') return { host, port };
  throw new SharedError(
    'config_invalid',
    'TRILOCK_LEDGER_SOCKET must be a socket file or a loopback address.',
  );
}
