// Durable transfers per second: the ledger, through its client and socket, beside PostgreSQL doing the same
// with rows. One server with fsync and synchronous_commit on; 100,000 accounts on either side; the tables are
// analysed and the connections opened after that. The ledger's follower (index) runs along.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { LedgerClient, type LedgerId } from '../../src/ledger/client/index.ts';
import { runLedger } from '../../src/ledger/index.ts';
import {
  bootstrapDatabase,
  connect,
  deployMigrations,
  openPool,
  startEmbeddedServer,
  type PostgresConfig,
} from '../../src/postgres/index.ts';
import { freshId } from '../ledger/running-ledger.ts';
import type { Contender } from './paired.ts';
import type { Bench } from './run.ts';

const ACCOUNTS = 100_000;
const IN_FLIGHT = 32;
const SINGLE_TRANSFERS = 2_000;
const BATCH = 8_190;
const BATCHES = 12;
const PASSWORD = 'only for the bench';

const ROWS = `
CREATE SCHEMA rows;
CREATE TABLE rows.account (id bigint PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0)) WITH (fillfactor = 80);
CREATE TABLE rows.transfer (id uuid PRIMARY KEY, debit bigint NOT NULL, credit bigint NOT NULL, amount bigint NOT NULL);
CREATE INDEX ON rows.transfer (debit);
CREATE INDEX ON rows.transfer (credit);
INSERT INTO rows.account SELECT n, 1000000000 FROM generate_series(0, ${ACCOUNTS - 1}) n;
CREATE FUNCTION rows.move(id uuid, debit bigint, credit bigint, amount bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- In the order of ids, so that two transfers never wait for each other.
  PERFORM FROM rows.account a WHERE a.id IN (debit, credit) ORDER BY a.id FOR UPDATE;
  UPDATE rows.account a SET balance = a.balance - amount WHERE a.id = debit;
  UPDATE rows.account a SET balance = a.balance + amount WHERE a.id = credit;
  INSERT INTO rows.transfer VALUES (id, debit, credit, amount);
END $$;
ANALYZE`;

function twoOf(count: number): [number, number] {
  const debit = Math.floor(Math.random() * count);
  return [debit, (debit + 1 + Math.floor(Math.random() * (count - 1))) % count];
}

/** Runs `one` until `total` are done, `IN_FLIGHT` at a time. */
async function inFlight(total: number, one: (worker: number) => Promise<unknown>): Promise<number> {
  let left = total;
  const worker = async (n: number): Promise<void> => {
    while (left-- > 0) await one(n);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, (_, n) => worker(n)));
  return total;
}

function uuidOf(id: LedgerId): string {
  return id.toString(16).padStart(32, '0');
}

function sqlTransaction(pool: pg.Pool): Contender {
  const move = async (): Promise<void> => {
    const [debit, credit] = twoOf(ACCOUNTS);
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query({
        name: 'lock',
        text: 'SELECT FROM rows.account WHERE id IN ($1, $2) ORDER BY id FOR UPDATE',
        values: [debit, credit],
      });
      await client.query({
        name: 'debit',
        text: 'UPDATE rows.account SET balance = balance - $2 WHERE id = $1',
        values: [debit, 1],
      });
      await client.query({
        name: 'credit',
        text: 'UPDATE rows.account SET balance = balance + $2 WHERE id = $1',
        values: [credit, 1],
      });
      await client.query({
        name: 'transfer',
        text: 'INSERT INTO rows.transfer VALUES ($1, $2, $3, $4)',
        values: [uuidOf(freshId()), debit, credit, 1],
      });
      await client.query('COMMIT');
    } finally {
      client.release();
    }
  };
  return {
    name: `one SQL transaction per transfer, ${IN_FLIGHT} in flight`,
    run: () => inFlight(SINGLE_TRANSFERS, move),
  };
}

function storedProcedure(pool: pg.Pool): Contender {
  const move = (): Promise<unknown> => {
    const [debit, credit] = twoOf(ACCOUNTS);
    return pool.query({
      name: 'move',
      text: 'SELECT rows.move($1, $2, $3, $4)',
      values: [uuidOf(freshId()), debit, credit, 1],
    });
  };
  return {
    name: `one stored procedure per transfer, ${IN_FLIGHT} in flight`,
    run: () => inFlight(SINGLE_TRANSFERS, move),
  };
}

/** Transfers are made before the clock runs, as a caller's own work. */
function ledgerContenders(
  client: LedgerClient,
  accounts: readonly LedgerId[],
): Record<'single' | 'batch', Contender> {
  const transfer = () => {
    const [debit, credit] = twoOf(accounts.length);
    return {
      id: freshId(),
      debitAccountId: accounts[debit]!,
      creditAccountId: accounts[credit]!,
      amount: 1n,
      asset: 1,
      code: 1,
    };
  };
  return {
    single: {
      name: `the ledger, one by one, ${IN_FLIGHT} in flight`,
      run: () => inFlight(SINGLE_TRANSFERS * 4, () => client.transfer([transfer()])),
    },
    batch: {
      name: `the ledger, in batches of ${BATCH}, 2 in flight`,
      run: async () => {
        let left = BATCHES;
        const worker = async (): Promise<void> => {
          while (left-- > 0) await client.transfer(Array.from({ length: BATCH }, transfer));
        };
        await Promise.all([worker(), worker()]);
        return BATCHES * BATCH;
      },
    },
  };
}

async function fillLedger(client: LedgerClient): Promise<LedgerId[]> {
  const accounts = Array.from({ length: ACCOUNTS }, freshId);
  for (let from = 0; from < ACCOUNTS; from += BATCH) {
    const ids = accounts.slice(from, from + BATCH);
    await client.createAccounts(ids.map((id) => ({ id, asset: 1, code: 1 })));
  }
  return accounts;
}

async function prepareDatabase(admin: PostgresConfig): Promise<PostgresConfig> {
  await bootstrapDatabase(admin, { passwords: { ledger: PASSWORD } });
  await deployMigrations(admin, 'ledger');
  const client = await connect(admin, { statementTimeoutMs: 0 });
  try {
    await client.query(ROWS);
  } finally {
    await client.end();
  }
  return { ...admin, user: 'trilock_ledger', password: PASSWORD };
}

export default async function ledgerBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'trilock-bench-'));
  const server = await startEmbeddedServer({ directory: join(folder, 'postgres'), durable: true });
  const database = await prepareDatabase(server.config);
  const silent = (): void => undefined;
  const ledger = await runLedger(
    { database, listen: { path: join(folder, 'socket') } },
    { info: silent, warn: silent, error: silent },
  );
  const client = new LedgerClient({ addresses: [ledger.address] });
  const accounts = await fillLedger(client);
  const analysed = await connect(server.config, { statementTimeoutMs: 0 });
  await analysed.query('ANALYZE');
  await analysed.end();
  const pool = openPool(server.config, { maxConnections: IN_FLIGHT });
  const { single, batch } = ledgerContenders(client, accounts);
  const unit = 'transfers';
  return {
    comparisons: [
      { name: 'one by one, against a transaction', unit, baseline: sqlTransaction(pool), ours: single },
      { name: 'one by one, against a procedure', unit, baseline: storedProcedure(pool), ours: single },
      { name: 'in batches, against a transaction', unit, baseline: sqlTransaction(pool), ours: batch },
      { name: 'in batches, against a procedure', unit, baseline: storedProcedure(pool), ours: batch },
    ],
    close: async () => {
      client.close();
      await ledger.stop();
      await pool.end();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
