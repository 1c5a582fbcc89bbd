// Judging a withdrawal: everything that the tables know of it is gathered, seven windows are measured, and a policy of
// 1,000 rules is walked to its end. Once with 10,000 past withdrawals of a month, once with 1,000,000, on one
// PostgreSQL. The baseline of the windows adds up the rows of the past withdrawals themselves, over the index by time.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inTransaction, openDatabase, type Database } from '../../src/database/index.ts';
import { PolicyInForce } from '../../src/policy/index.ts';
import { measureFlows } from '../../src/policy/measure-flows.ts';
import { parsePolicyDocument } from '../../src/policy/document.ts';
import {
  bootstrapDatabase,
  connect,
  deployMigrations,
  startEmbeddedServer,
  type PostgresConfig,
} from '../../src/postgres/index.ts';
import { idFromUuid, idToUuid, ManualClock, newId, type CustomerId } from '../../src/shared/index.ts';
import { institution, NOW, withdrawalIntent } from '../fixtures/intents.ts';
import { policyOf, rule } from '../policy/documents.ts';
import type { Bench } from './run.ts';

const PASSWORD = 'only for the bench';
const [FEW, MANY] = [10_000, 1_000_000];
const RULES = 1_000;
const CUSTOMERS = 1_000;
const EVALUATIONS = 100;
const SAMPLES = 1_000;
const SCANS = 3;
const HOUSE = institution();
const WALLET = newId('wallet');
const WINDOWS = [
  { per: 'customer', hours: 24 },
  { per: 'customer', hours: 744 },
  { per: 'destination', hours: 24 },
  { per: 'destination', hours: 744 },
  { per: 'global', hours: 1 },
  { per: 'global', hours: 24 },
  { per: 'global', hours: 744 },
] as const;

/** Rules of which only the last matches. */
const POLICY = parsePolicyDocument(
  policyOf([
    ...Array.from({ length: RULES - 1 }, (_, index) => {
      const window = WINDOWS[index % WINDOWS.length]!;
      const when = {
        velocity: [{ ...window, satoshis: { from: String(2_000_000_000_000_000 - index) } }],
        riskScore: { from: 100 },
      };
      return rule(`r-${index}`, { when, then: { outcome: 'deny' } });
    }),
    rule('last'),
  ]),
);

function customerOf(index: number): string {
  return `01890000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`;
}

function addressOf(index: number): string {
  return `bcrt1q${String(index).padStart(38, '0')}`;
}

/** A month of withdrawals, as evenly spread as can be, and the sums that the database would have kept. */
function history(count: number): string {
  return `
SET session_replication_role = replica;
SET search_path = app;
INSERT INTO policy_admission (intent_id, customer_id, judged_at, satoshis, policy_version, ended, facts, decision)
  SELECT gen_random_uuid(), ('01890000-0000-7000-8000-' || lpad(to_hex(n % ${CUSTOMERS}), 12, '0'))::uuid,
    to_timestamp(${NOW / 1000}) - interval '30 days' * n / ${count}, 100000 + n % 1000, 1, false, '{}', '{}'
  FROM generate_series(1, ${count}) n;
INSERT INTO policy_payment (intent_id, address, customer_id, judged_at, satoshis, paid, ended)
  SELECT intent_id, 'bcrt1q' || lpad((row_number() OVER (ORDER BY judged_at) % ${count / 10})::text, 38, '0'),
    customer_id, judged_at, satoshis - 1000, true, false FROM policy_admission;
INSERT INTO policy_flow (scope, key, hour, satoshis, withdrawals)
  SELECT 'global', '', date_trunc('hour', judged_at, 'UTC'), sum(satoshis), count(*) FROM policy_admission GROUP BY 3
  UNION ALL
  SELECT 'customer', customer_id::text, date_trunc('hour', judged_at, 'UTC'), sum(satoshis), count(*)
    FROM policy_admission GROUP BY 2, 3
  UNION ALL
  SELECT 'destination', address, date_trunc('hour', judged_at, 'UTC'), sum(satoshis), count(*)
    FROM policy_payment GROUP BY 2, 3;
INSERT INTO wallet (id, network, plan, label, state, created_at, next_step_at)
  VALUES ('${idToUuid(WALLET)}', 'regtest', 'custodial', 'Treasury', 'requested', now(), now());
ANALYZE;`;
}

async function filled(admin: PostgresConfig, count: number): Promise<Database> {
  const name = `policy_${count}`;
  const first = await connect(admin, { statementTimeoutMs: 0 });
  await first.query(`CREATE DATABASE ${name}`);
  await first.end();
  const config = { ...admin, database: name };
  await bootstrapDatabase(config, { passwords: { app: PASSWORD, ledger: PASSWORD, signer: PASSWORD } });
  await deployMigrations(config, 'app');
  const client = await connect(config, { statementTimeoutMs: 0 });
  await client.query(history(count));
  await client.query('VACUUM ANALYZE app.policy_flow');
  await client.end();
  return openDatabase({ ...config, user: 'trilock_app', password: PASSWORD });
}

function some(count: number) {
  const customer: CustomerId = idFromUuid('customer', customerOf(Math.floor(Math.random() * CUSTOMERS)));
  const address = addressOf(Math.floor(Math.random() * (count / 10)));
  return { customer, address };
}

/** One withdrawal judged, as the queue has it done. @returns how long it took, in milliseconds. */
function judging(database: Database, count: number): () => Promise<number> {
  const policy = new PolicyInForce({ clock: new ManualClock(NOW), initial: POLICY });
  return async () => {
    const { customer, address } = some(count);
    const payments = [{ address, satoshis: '500000' }];
    const intent = withdrawalIntent(HOUSE, { customer, wallet: WALLET, payments });
    const startedAt = performance.now();
    const outcome = await inTransaction(database, (tx) => policy.evaluate(tx, intent, HOUSE.manifest));
    if (outcome.outcome !== 'approvals') throw new Error(outcome.reason);
    return performance.now() - startedAt;
  };
}

/** What a policy would measure with nothing but the withdrawals themselves. */
async function scan(database: Database, count: number): Promise<void> {
  const { customer, address } = some(count);
  const id = idToUuid(customer);
  await inTransaction(database, async (tx) => {
    for (const { per, hours } of WINDOWS) {
      const since = new Date(NOW - hours * 3_600_000);
      if (per === 'destination') {
        await tx.$queryRaw`SELECT sum(satoshis)::text, count(*) FROM policy_payment
          WHERE address || '' = ${address} AND judged_at >= ${since} AND NOT ended`;
      } else {
        await tx.$queryRaw`SELECT sum(satoshis)::text, count(*) FROM policy_admission
          WHERE judged_at >= ${since} AND NOT ended AND (${per === 'global'} OR customer_id = ${id}::uuid)`;
      }
    }
  });
}

async function times(count: number, one: () => Promise<unknown>): Promise<number> {
  for (let done = 0; done < count; done++) await one();
  return count;
}

async function percentiles(name: string, one: () => Promise<number>): Promise<void> {
  await times(100, one);
  const taken: number[] = [];
  for (let done = 0; done < SAMPLES; done++) taken.push(await one());
  taken.sort((a, b) => a - b);
  const [p50, p99] = [taken[SAMPLES / 2] ?? 0, taken[Math.floor(SAMPLES * 0.99)] ?? 0];
  process.stdout.write(`  ${name}: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms of ${SAMPLES}\n`);
}

export default async function policyBench(): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'trilock-bench-policy-'));
  const server = await startEmbeddedServer({ directory });
  const [few, many] = [await filled(server.config, FEW), await filled(server.config, MANY)];
  const [withFew, withMany] = [judging(few, FEW), judging(many, MANY)];
  await percentiles(`${RULES} rules, ${FEW.toLocaleString('en')} past withdrawals`, withFew);
  await percentiles(`${RULES} rules, ${MANY.toLocaleString('en')} past withdrawals`, withMany);
  const measured = async () => {
    const { customer, address } = some(MANY);
    const of = { customer, addresses: [address], nowMs: NOW };
    return await inTransaction(many, (tx) => measureFlows(tx, WINDOWS, of));
  };
  return {
    comparisons: [
      {
        name: 'growth of an evaluation with the history',
        unit: 'evaluations',
        baseline: {
          name: `${FEW.toLocaleString('en')} past withdrawals`,
          run: () => times(EVALUATIONS, withFew),
        },
        ours: {
          name: `${MANY.toLocaleString('en')} past withdrawals`,
          run: () => times(EVALUATIONS, withMany),
        },
      },
      {
        name: `windows over ${MANY.toLocaleString('en')} past withdrawals`,
        unit: 'withdrawals',
        baseline: { name: 'adding their rows up', run: () => times(SCANS, () => scan(many, MANY)) },
        ours: { name: 'sums by hour', run: () => times(EVALUATIONS, measured) },
        rounds: 3,
      },
    ],
    close: async () => {
      await Promise.all([few.$disconnect(), many.$disconnect()]);
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
