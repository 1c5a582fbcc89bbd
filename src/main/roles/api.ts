import { systemClock } from '../../shared/index.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { createApi, createHttpMetrics, createKeyedHash, startServer } from '../../http/index.ts';
import { openPool, parsePostgresUrl } from '../../postgres/index.ts';
import { errorMap } from '../error-map.ts';
import type { RoleContext, StartedRole } from '../lifecycle/run-role.ts';
import type { SettingsOf } from '../settings/index.ts';
import { requireCurrentSchema } from './current-schema.ts';

const HANDLER_TIMEOUT_MS = 20_000;

/** The REST API and the pages. It holds no keys and decides nothing about money alone. */
export async function startApi(settings: SettingsOf<'api'>, { log }: RoleContext): Promise<StartedRole> {
  const database = parsePostgresUrl(settings.DATABASE_URL);
  await requireCurrentSchema(database, 'app');
  const pool = openPool(database, { applicationName: 'trilock api' });
  const answers = async (): Promise<void> => {
    await pool.query('SELECT 1');
  };
  const metrics = createHttpMetrics();
  const { TRILOCK_HTTP_HOST: host, TRILOCK_HTTP_PORT: port } = settings;
  const api = createApi({
    operations: [],
    errorMap,
    info: { title: 'Trilock', version: packageJson.version, description: packageJson.description },
    log,
    metrics,
    readiness: { database: answers },
    hash: createKeyedHash(settings.TRILOCK_HTTP_SECRETS),
    publicOrigin: settings.TRILOCK_PUBLIC_URL ?? `http://${host}:${port}`,
    authenticator: null,
    idempotency: null,
    limits: null,
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
      await pool.end();
    },
  };
}
