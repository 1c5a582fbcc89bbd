import packageJson from '../../../package.json' with { type: 'json' };
import { WEBHOOK_MESSAGES } from '../../events/index.ts';
import {
  createApi,
  createHttpMetrics,
  createIdempotencyStore,
  createKeyedHash,
  createThrottle,
  startServer,
} from '../../http/index.ts';
import { LedgerClient } from '../../ledger/client/index.ts';
import { openDatabase } from '../../database/index.ts';
import { openPool, parsePostgresUrl } from '../../postgres/index.ts';
import { systemClock } from '../../shared/index.ts';
import { ensureWebBuilt, webRoutes } from '../../web/server/index.ts';
import { errorMap } from '../error-map.ts';
import type { RoleContext, StartedRole } from '../lifecycle/run-role.ts';
import { composeOperations, type OperationParts } from '../operations.ts';
import type { SettingsOf } from '../settings/index.ts';
import { bitcoinNodes } from './bitcoin-connection.ts';
import { requireCurrentSchema } from './current-schema.ts';
import { ledgerAddress } from './ledger-address.ts';
import { manifestSource } from './manifest-source.ts';
import { webhookParts } from './webhook-parts.ts';

const HANDLER_TIMEOUT_MS = 20_000;
/** Long enough for a standby to take over, and shorter than a handler may take, so that the answer names the ledger. */
const LEDGER_TIMEOUT_MS = 10_000;
/** Outlasts every handler, so that a key whose lease is over has no living owner. */
const IDEMPOTENCY_LEASE_MS = 3 * HANDLER_TIMEOUT_MS;
/** A page loads a dozen things at once; an attacker's thousands are stopped. */
const ADDRESS_LIMIT = { name: 'address', points: 1_200, windowSeconds: 60 };
const PRINCIPAL_LIMIT = { name: 'principal', points: 600, windowSeconds: 60 };

function openParts(settings: SettingsOf<'api'>): OperationParts {
  const config = parsePostgresUrl(settings.DATABASE_URL);
  return {
    pool: openPool(config, { applicationName: 'trilock api' }),
    database: openDatabase(config, { applicationName: 'trilock api' }),
    node: bitcoinNodes(settings),
    ledger: new LedgerClient({
      addresses: [ledgerAddress(settings.TRILOCK_LEDGER_SOCKET)],
      requestTimeoutMs: LEDGER_TIMEOUT_MS,
    }),
    hash: createKeyedHash(settings.TRILOCK_HTTP_SECRETS),
    manifest: manifestSource(
      settings.TRILOCK_MANIFEST_DIRECTORY,
      settings.TRILOCK_FIRST_MANIFEST,
      settings.TRILOCK_NETWORK,
    ),
    webhooks: webhookParts(settings),
    webhookApprovalSatoshis:
      settings.TRILOCK_WEBHOOK_APPROVAL_SATOSHIS === undefined
        ? undefined
        : BigInt(settings.TRILOCK_WEBHOOK_APPROVAL_SATOSHIS),
    clock: systemClock,
    network: settings.TRILOCK_NETWORK,
    monitors: settings.TRILOCK_MONITORS,
    restarts: settings.TRILOCK_RESTARTS,
    coldWindows: settings.TRILOCK_COLD_WINDOWS ?? null,
  };
}

/** The REST API and the pages. It holds no keys and decides nothing about money alone. */
export async function startApi(settings: SettingsOf<'api'>, { log }: RoleContext): Promise<StartedRole> {
  await requireCurrentSchema(parsePostgresUrl(settings.DATABASE_URL), 'app');
  const pages = await webRoutes(await ensureWebBuilt());
  const parts = openParts(settings);
  const { pool, database, ledger, hash } = parts;
  const answers = async (): Promise<void> => {
    await pool.query('SELECT 1');
  };
  const metrics = createHttpMetrics();
  const { TRILOCK_HTTP_HOST: host, TRILOCK_HTTP_PORT: port } = settings;
  const api = createApi({
    ...composeOperations(parts),
    errorMap,
    webhooks: WEBHOOK_MESSAGES,
    info: { title: 'Trilock', version: packageJson.version, description: packageJson.description },
    log,
    metrics,
    readiness: { database: answers },
    pages: [pages],
    hash,
    publicOrigin: settings.TRILOCK_PUBLIC_URL ?? `http://${host}:${port}`,
    idempotency: createIdempotencyStore(database, IDEMPOTENCY_LEASE_MS),
    limits: {
      address: createThrottle(pool, hash, ADDRESS_LIMIT),
      principal: createThrottle(pool, hash, PRINCIPAL_LIMIT),
    },
    handlerTimeoutMs: HANDLER_TIMEOUT_MS,
  });
  const server = await startServer(api.app, { host, port });
  return {
    facts: { url: server.url },
    checks: async () => {
      const startedAtMs = systemClock.nowMs();
      await answers();
      return [{ name: 'database', ok: true, note: `answers in ${systemClock.nowMs() - startedAtMs} ms` }];
    },
    metrics: () => metrics.registry.metrics(),
    stop: async () => {
      api.drain();
      await server.stop(settings.TRILOCK_SHUTDOWN_SECONDS * 1_000);
      ledger.close();
      await Promise.all([pool.end(), database.$disconnect()]);
    },
  };
}
