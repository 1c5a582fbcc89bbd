import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { openDatabase, type Database } from '../../../src/database/index.ts';
import {
  createApi,
  createHttpMetrics,
  createIdempotencyStore,
  createKeyedHash,
  createLog,
  createThrottle,
  startServer,
  type Api,
  type KeyedHash,
  type RunningServer,
} from '../../../src/http/index.ts';
import type { StaffRole } from '../../../src/http/access-contract.ts';
import { connectNode } from '../../../src/chain/index.ts';
import { createStaff } from '../../../src/identity/index.ts';
import { LedgerClient } from '../../../src/ledger/client/index.ts';
import { errorMap } from '../../../src/main/error-map.ts';
import { composeOperations } from '../../../src/main/operations.ts';
import { institution } from '../../fixtures/intents.ts';
import type { Manifest } from '../../../src/intents/index.ts';
import { openPool, type Pool } from '../../../src/postgres/index.ts';
import { ManualClock } from '../../../src/shared/index.ts';
import { runAsSuperuser } from '../../ledger/ledger-database.ts';
import { startLedger, type TestLedger } from '../../ledger/running-ledger.ts';
import { createTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';

export const ORIGIN = 'https://bank.example';
export const PASSWORD = 'correct horse battery';

/** The composed API, as `src/main` mounts it, on a real database and a real port. */
export interface Bank {
  readonly url: string;
  readonly api: Api;
  readonly database: Database;
  readonly pool: Pool;
  readonly clock: ManualClock;
  /** What the roles of staff are sealed under. */
  readonly seals: KeyedHash;
  readonly logLines: string[];
  readonly server: RunningServer;
  readonly testDatabase: TestDatabase;
}

export interface BankOptions {
  readonly perAddress?: number;
  /** False: locks of customers stop nobody before their request is looked at. */
  readonly guarded?: boolean;
  /** Without it the ledger is down, as the node is. */
  readonly withLedger?: boolean;
  /** Whose officers and approvers count; somebody's unless told. */
  readonly trust?: { readonly manifest: Manifest };
  /** Customers who hold so much do not say alone where their messages go. */
  readonly webhookApprovalSatoshis?: bigint;
  /** Another than a copy of the template, dropped with the bank. */
  readonly testDatabase?: TestDatabase;
}

/** The test server is careless about durability; the ledger refuses to run on such a one. */
async function openLedger(database: TestDatabase): Promise<TestLedger> {
  await runAsSuperuser(
    database,
    `ALTER ROLE trilock_ledger IN DATABASE ${database.name} SET synchronous_commit = on`,
  );
  return await startLedger(database);
}

export async function openBank(options: BankOptions = {}): Promise<Bank & { close(): Promise<void> }> {
  const testDatabase = options.testDatabase ?? (await createTestDatabase());
  const database = openDatabase(testDatabase.app);
  const pool = openPool(testDatabase.app);
  const hash = createKeyedHash([Buffer.alloc(32, 9)]);
  const clock = new ManualClock(Date.now());
  const { manifest } = options.trust ?? institution();
  // Node and ledger are down: identity needs neither, and what needs them must say so and not fail.
  const running = options.withLedger === true ? await openLedger(testDatabase) : undefined;
  const ledger =
    running?.client() ??
    new LedgerClient({ addresses: [{ path: '/nowhere/ledger.socket' }], requestTimeoutMs: 300 });
  const { operations, authenticator, guard } = composeOperations({
    database,
    pool,
    hash,
    clock,
    ledger,
    node: connectNode({
      url: 'http://127.0.0.1:9',
      credentials: { user: 'u', password: 'p' },
    }),
    network: 'regtest',
    monitors: new Map(),
    restarts: 0,
    coldWindows: null,
    webhooks: { hash, allowLoopback: false },
    webhookApprovalSatoshis: options.webhookApprovalSatoshis,
    manifest: () => Promise.resolve(manifest),
  });
  const logLines: string[] = [];
  const limit = (name: string, points: number) =>
    createThrottle(pool, hash, { name, points, windowSeconds: 60 });
  const api = createApi({
    operations,
    ...(options.guarded === false ? {} : { guard }),
    errorMap,
    info: { title: 'Trilock', version: '0', description: 'test' },
    log: createLog('debug', { write: (line) => void logLines.push(line) }),
    metrics: createHttpMetrics(),
    readiness: {},
    hash,
    publicOrigin: ORIGIN,
    authenticator,
    idempotency: createIdempotencyStore(database, 60_000),
    limits: {
      address: limit('address', options.perAddress ?? 1_000_000),
      principal: limit('principal', 1_000_000),
    },
    handlerTimeoutMs: 20_000,
    // Tests come from different addresses, so that they do not share the counters of sign-in.
    trustedProxies: ['loopback'],
  });
  const server = await startServer(api.app, { host: '127.0.0.1', port: 0 });
  const close = async (): Promise<void> => {
    await server.stop(1_000);
    ledger.close();
    await running?.stop();
    await database.$disconnect();
    await pool.end();
    await testDatabase.drop();
  };
  return { url: server.url, api, database, pool, clock, seals: hash, logLines, server, testDatabase, close };
}

/** One bank for a test file. */
export function useBank(options: BankOptions = {}): () => Bank {
  let bank: (Bank & { close(): Promise<void> }) | undefined;
  beforeAll(async () => {
    bank = await openBank(options);
  });
  afterAll(() => bank?.close());
  return () => bank!;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

let addresses = 0;

/** A client of its own address, with one credential, as a browser or a program has it. */
export class Caller {
  readonly #url: string;
  readonly address: string;
  cookie: string | undefined;
  csrfToken: string | undefined;
  apiKey: string | undefined;

  constructor(bank: Bank, address?: string) {
    this.#url = bank.url;
    addresses += 1;
    this.address = address ?? `10.1.${Math.floor(addresses / 250)}.${1 + (addresses % 250)}`;
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        'x-forwarded-for': this.address,
        ...(this.cookie === undefined ? {} : { cookie: this.cookie }),
        ...(this.csrfToken === undefined || method === 'GET' ? {} : { 'x-csrf-token': this.csrfToken }),
        ...(this.apiKey === undefined ? {} : { authorization: `Bearer ${this.apiKey}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  }

  async signIn(email: string, path = '/v1/sessions', code?: string): Promise<Answer> {
    const answer = await this.send('POST', path, {
      email,
      password: PASSWORD,
      ...(code === undefined ? {} : { code }),
    });
    if (answer.status === 201) {
      this.cookie = answer.headers.getSetCookie()[0]?.split(';')[0];
      this.csrfToken = answer.body['csrfToken'] as string;
    }
    return answer;
  }
}

export function freshEmail(): string {
  return `person-${randomUUID()}@example.com`;
}

/** Registers a customer over HTTP and signs in. */
export async function newCustomer(bank: Bank): Promise<{ caller: Caller; email: string; id: string }> {
  const caller = new Caller(bank);
  const email = freshEmail();
  const { body } = await caller.send('POST', '/v1/customers', {
    email,
    displayName: 'Ada',
    password: PASSWORD,
  });
  await caller.signIn(email);
  return { caller, email, id: body['id'] as string };
}

/** Makes a member of staff as the command line does, and signs in. */
export async function newStaff(
  bank: Bank,
  ...roles: StaffRole[]
): Promise<{ caller: Caller; email: string; id: string }> {
  const email = freshEmail();
  const { database, clock, seals } = bank;
  const id = await createStaff(
    { database, clock, seals },
    {
      email,
      displayName: 'Grace',
      roles,
      password: PASSWORD,
    },
  );
  const caller = new Caller(bank);
  await caller.signIn(email, '/v1/staff/sessions');
  return { caller, email, id };
}
