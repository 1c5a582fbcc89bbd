import { z } from 'zod';
import { allow } from '../../src/http/access-contract.ts';
import { lineField, pageOf, pageQuery, satoshisField, idField } from '../../src/http/fields-contract.ts';
import {
  createApi,
  createHttpMetrics,
  createKeyedHash,
  createLog,
  handle,
  HttpError,
  httpErrorMap,
  startServer,
} from '../../src/http/index.ts';
import { defineOperation } from '../../src/http/operation-contract.ts';
import { ManualClock } from '../../src/shared/index.ts';
import { getStatus, statusFrom, type StatusFacts } from '../../src/status/index.ts';
import { ensureWebBuilt, webRoutes } from '../../src/web/server/index.ts';

export const STATUS_FACTS: StatusFacts = {
  version: '0.1.0',
  processes: [
    { role: 'api', state: 'running', startedAt: '2026-03-01T10:00:00.000Z', restarts: 0 },
    { role: 'worker', state: 'running', startedAt: '2026-03-01T11:58:00.000Z', restarts: 2 },
    { role: 'ledger', state: 'running', startedAt: '2026-03-01T10:00:00.000Z', restarts: 0 },
    { role: 'signer', state: 'running', startedAt: '2026-03-01T10:00:01.000Z', restarts: 0 },
    { role: 'witness', state: 'running', startedAt: '2026-02-26T10:00:00.000Z', restarts: 0 },
  ],
  database: { state: 'up', serverVersion: '18.4', answeredInMs: 3 },
  node: {
    state: 'up',
    network: 'regtest',
    implementation: 'bcoin 1.0.2',
    tip: {
      height: 1432,
      hash: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
      time: '2026-03-01T11:51:00.000Z',
    },
  },
  ledger: {
    state: 'leading',
    sequence: '128904',
    headHash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  },
};

const transferSchema = z
  .strictObject({
    amount: satoshisField,
    to: idField('account'),
    flags: z
      .array(z.enum(['pending', 'linked', 'balancing']))
      .max(3)
      .optional(),
    memo: lineField(140).optional(),
  })
  .meta({ id: 'Transfer' });

const account = z.strictObject({ accountId: idField('account').describe('The account that pays.') });

/** Operations with every kind of part that the API page shows, described by the kit that `api` uses. */
const createTransfer = defineOperation({
  method: 'post',
  path: '/v1/accounts/{accountId}/transfers',
  operationId: 'createTransfer',
  tag: 'transfers',
  summary: 'Send a payment',
  description: 'Moves money at once.\n\nThe same `Idempotency-Key` never pays twice.',
  access: allow(['customer', 'integrator'], 'transfers:write'),
  params: account,
  body: transferSchema,
  responses: { 201: { description: 'Sent', body: transferSchema } },
  errors: [],
  idempotency: 'handler',
});

const listTransfers = defineOperation({
  method: 'get',
  path: '/v1/accounts/{accountId}/transfers',
  operationId: 'listTransfers',
  tag: 'transfers',
  summary: 'List payments of an account',
  access: allow(['customer', 'auditor'], 'transfers:read'),
  params: account,
  query: pageQuery,
  responses: { 200: { description: 'One page, oldest first', body: pageOf(transferSchema) } },
  errors: [],
});

const nobody = () => Promise.reject(new HttpError('forbidden', 'Nobody signs in to this server.'));

export interface SiteServer {
  readonly origin: string;
  readonly buildDirectory: string;
  /** What the next status answer says; null makes it a refusal. */
  facts: StatusFacts | null;
  close(): Promise<unknown>;
}

/** The site as `api` serves it: the real build, kit and policy, over real HTTP. */
export async function startSite(): Promise<SiteServer> {
  const clock = new ManualClock(Date.parse('2026-03-01T12:00:00Z'));
  const buildDirectory = await ensureWebBuilt();
  const status = handle(getStatus, () => {
    if (site.facts !== null) {
      return Promise.resolve({ status: 200 as const, body: statusFrom(site.facts, clock) });
    }
    return Promise.reject(new HttpError('forbidden', 'Not shown at this hour.'));
  });
  const api = createApi({
    operations: [status, handle(createTransfer, nobody), handle(listTransfers, nobody)],
    errorMap: httpErrorMap,
    info: {
      title: 'Trilock API',
      version: '0.1.0',
      description: 'Amounts are whole satoshis in decimal strings. Errors are problem details with a `code`.',
    },
    log: createLog('fatal', { write: () => undefined }),
    metrics: createHttpMetrics(),
    readiness: {},
    pages: [await webRoutes(buildDirectory)],
    hash: createKeyedHash([Buffer.alloc(32, 7)]),
    publicOrigin: 'http://127.0.0.1',
    authenticator: {
      fromSessionToken: () => Promise.resolve(null),
      fromApiKey: () => Promise.resolve(null),
    },
    idempotency: null,
    limits: null,
    handlerTimeoutMs: 5_000,
  });
  const server = await startServer(api.app, { host: '127.0.0.1', port: 0 });
  const site: SiteServer = {
    origin: server.url,
    buildDirectory,
    facts: STATUS_FACTS,
    close: () => server.stop(0),
  };
  return site;
}
