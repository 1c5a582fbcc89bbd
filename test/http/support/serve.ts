import { onTestFinished } from 'vitest';
import {
  createApi,
  createHttpMetrics,
  createKeyedHash,
  createLog,
  httpErrorMap,
  startServer,
  type Api,
  type ApiOptions,
  type HttpMetrics,
  type RunningServer,
  type ServerOptions,
} from '../../../src/http/index.ts';

export interface TestApi {
  readonly api: Api;
  readonly server: RunningServer;
  readonly url: string;
  readonly metrics: HttpMetrics;
  /** Every log line written so far. */
  readonly logLines: string[];
}

export const testHash = createKeyedHash([Buffer.alloc(32, 7)]);

/** A real server on a free port, stopped when the test ends. */
export async function serveApi(
  options: Partial<ApiOptions> = {},
  server: Partial<ServerOptions> = {},
): Promise<TestApi> {
  const logLines: string[] = [];
  const metrics = createHttpMetrics();
  const api = createApi({
    operations: [],
    errorMap: httpErrorMap,
    info: { title: 'Trilock', version: '0', description: 'test' },
    log: createLog('debug', { write: (line) => void logLines.push(line) }),
    metrics,
    readiness: {},
    hash: testHash,
    publicOrigin: 'https://bank.example',
    authenticator: null,
    idempotency: null,
    limits: null,
    handlerTimeoutMs: 5_000,
    ...options,
  });
  const running = await startServer(api.app, { host: '127.0.0.1', port: 0, ...server });
  onTestFinished(() => running.stop(0));
  return { api, server: running, url: running.url, metrics, logLines };
}
