import { freezeErrorMap } from '../../../src/freeze/index.ts';
import { transferErrorMap, transferRoutes, type TransferParts } from '../../../src/transfers/index.ts';
import {
  createApi,
  createHttpMetrics,
  createIdempotencyStore,
  createKeyedHash,
  createLog,
  httpErrorMap,
  startServer,
  type IdempotencyStore,
  type RunningServer,
} from '../../../src/http/index.ts';
import { SCOPES } from '../../../src/http/access-contract.ts';
import { isIdOf } from '../../../src/shared/index.ts';

export const LEASE_MS = 1_000;

const ledgerErrors = {
  ledger_unreachable: { status: 503, title: 'The ledger is away' },
  ledger_overloaded: { status: 503, title: 'The ledger is busy' },
  ledger_client_closed: { status: 503, title: 'The ledger is away' },
} as const;

/** The operations of transfers on a real port. An API key is the id of its customer: identity has its own tests. */
export function serveTransfers(
  parts: TransferParts,
  wrapStore: (store: IdempotencyStore) => IdempotencyStore = (store) => store,
): Promise<RunningServer> {
  const api = createApi({
    operations: transferRoutes(parts),
    errorMap: { ...httpErrorMap, ...freezeErrorMap, ...transferErrorMap, ...ledgerErrors },
    info: { title: 'Trilock', version: '0', description: 'test' },
    log: createLog('silent'),
    metrics: createHttpMetrics(),
    readiness: {},
    hash: createKeyedHash([Buffer.alloc(32, 5)]),
    publicOrigin: 'https://bank.example',
    authenticator: {
      fromSessionToken: () => Promise.resolve(null),
      fromApiKey: (id) =>
        Promise.resolve(
          isIdOf('customer', id)
            ? {
                kind: 'customer',
                id,
                roles: ['customer'],
                proof: { kind: 'api_key', keyId: id, scopes: SCOPES },
              }
            : null,
        ),
    },
    idempotency: wrapStore(createIdempotencyStore(parts.database, LEASE_MS)),
    limits: null,
    handlerTimeoutMs: 60_000,
  });
  return startServer(api.app, { host: '127.0.0.1', port: 0 });
}
