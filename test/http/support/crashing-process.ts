// A process with one keyed operation that dies at a named instant, for test/http/idempotency.test.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { publicAccess } from '../../../src/http/access-contract.ts';
import { defineOperation } from '../../../src/http/operation-contract.ts';
import {
  createApi,
  createHttpMetrics,
  createIdempotencyStore,
  createKeyedHash,
  createLog,
  handleOnce,
  httpErrorMap,
  startServer,
} from '../../../src/http/index.ts';
import { openDatabase } from '../../../src/database/index.ts';
import { idToUuid } from '../../../src/shared/index.ts';
import type { PostgresConfig } from '../../../src/postgres/index.ts';

const { config, dieAt, leaseMs } = JSON.parse(process.argv[2] ?? '') as {
  config: PostgresConfig;
  dieAt: string;
  leaseMs: number;
};

function die(at: string): void {
  if (dieAt === at) process.kill(process.pid, 'SIGKILL');
}

const makeThing = defineOperation({
  method: 'post',
  path: '/v1/things',
  operationId: 'makeThing',
  tag: 'test',
  summary: 'Makes a thing',
  access: publicAccess('a test'),
  body: z.strictObject({ name: z.string() }),
  responses: { 201: { description: 'Made', body: z.object({ id: z.string(), name: z.string() }) } },
  errors: [],
  idempotency: 'key',
});

const database = openDatabase(config);
/** How many keys were finished by an attempt after the first. */
function countOvertaken(): Promise<number> {
  return database.idempotencyKey.count({ where: { attempt: { gt: 1 }, completedAt: { not: null } } });
}

const overtakenAtStart = await countOvertaken();

async function beOvertaken(): Promise<void> {
  while ((await countOvertaken()) === overtakenAtStart) await sleep(20);
}

const hash = createKeyedHash([Buffer.alloc(32, 5)]);
const store = createIdempotencyStore(database, leaseMs);
const api = createApi({
  operations: [
    handleOnce(makeThing, async ({ body }, effect) => {
      die('before the effect');
      if (dieAt === 'never, but waits to be overtaken') await beOvertaken();
      const committed = await effect.commit(async (tx) => {
        const id = effect.id('integrator');
        await tx.integrator.create({
          data: { id: idToUuid(id), name: body.name, createdAt: new Date() },
        });
        die('inside the transaction');
        return { status: 201, body: { id, name: body.name } };
      });
      die('between effect and answer');
      return committed;
    }),
  ],
  errorMap: httpErrorMap,
  info: { title: 'test', version: '0', description: 'test' },
  log: createLog('silent'),
  metrics: createHttpMetrics(),
  readiness: {},
  hash,
  publicOrigin: 'https://bank.example',
  authenticator: null,
  idempotency: store,
  limits: null,
  handlerTimeoutMs: 5_000,
});
const server = await startServer(api.app, { host: '127.0.0.1', port: 0 });
process.stdout.write(`${server.url}\n`);
