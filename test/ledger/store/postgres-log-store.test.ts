import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { batchHash, GENESIS_HASH, RECORD_BYTES, sealBatch } from '../../../src/ledger/format/index.ts';
import type { LogBatch } from '../../../src/ledger/store/log-store.ts';
import { PostgresLogStore } from '../../../src/ledger/store/postgres-log-store.ts';
import { connect } from '../../../src/postgres/index.ts';
import type { TestDatabase } from '../../postgres/test-database.ts';
import { createLedgerDatabase, runAsSuperuser } from '../ledger-database.ts';

let database: TestDatabase;
let store: PostgresLogStore;

function open(): PostgresLogStore {
  return new PostgresLogStore({ database: database.ledger, queryTimeoutMs: 5_000, requireFsync: false });
}

beforeAll(async () => {
  database = await createLedgerDatabase();
  store = open();
});

afterAll(async () => {
  await store.close();
  await database.drop();
});

/** Opaque bytes: the store does not look into them. */
function batchAfter(previous: LogBatch | undefined, epoch: number, fill = 1): LogBatch {
  const sequence = (previous?.sequence ?? 0) + 1;
  const records = new Uint8Array(2 * RECORD_BYTES).fill(fill);
  const header = sealBatch(
    {
      partition: 0,
      epoch,
      sequence,
      timeMs: 1_000,
      position: 0,
      count: 2,
      previousHash: previous === undefined ? GENESIS_HASH : batchHash(previous.header),
    },
    records,
  );
  return { sequence, epoch, count: 2, position: 0, timeMs: 1_000, header, records };
}

const asSuperuser = (statement: string): Promise<void> => runAsSuperuser(database, statement);

beforeEach(async () => {
  await asSuperuser('TRUNCATE ledger.batch; UPDATE ledger.lease SET epoch = 5, beat = 0');
});

describe('compare-and-append', () => {
  it('appends a chain and reads it back byte for byte', async () => {
    const first = batchAfter(undefined, 5);
    const second = batchAfter(first, 5, 7);
    expect(await store.append(first)).toBe(true);
    expect(await store.append(second)).toBe(true);
    const read = await store.readBatches(0, 10);
    expect(read.map((batch) => Buffer.from(batch.header))).toEqual(
      [first, second].map((b) => Buffer.from(b.header)),
    );
    expect(Buffer.from(read[1]!.records)).toEqual(Buffer.from(second.records));
    expect(read[1]).toMatchObject({ sequence: 2, epoch: 5, count: 2, timeMs: 1_000 });
    expect(await store.readBatches(1, 10)).toHaveLength(1);
    expect(Buffer.from((await store.readTip()).hash)).toEqual(Buffer.from(batchHash(second.header)));
    expect(await store.readHash(3)).toBeUndefined();
  });

  it('refuses another epoch, a wrong previous hash, a hole, and the same place twice', async () => {
    const first = batchAfter(undefined, 5);
    expect(await store.append(batchAfter(undefined, 4))).toBe(false);
    expect(await store.append(batchAfter(undefined, 6))).toBe(false);
    expect(await store.append(batchAfter(first, 5))).toBe(false);
    expect(await store.append(first)).toBe(true);
    expect(await store.append(first)).toBe(false);
    expect(await store.append(batchAfter(undefined, 5, 9))).toBe(false);
    const other = batchAfter(undefined, 5, 9);
    expect(await store.append(batchAfter(other, 5))).toBe(false);
    expect(await store.append(batchAfter(batchAfter(first, 5), 5))).toBe(false);
    expect(await store.readBatches(0, 10)).toHaveLength(1);
  });

  it('inserts one of two copies that race', async () => {
    const other = open();
    try {
      const batch = batchAfter(undefined, 5);
      const outcomes = await Promise.all([store.append(batch), other.append(batch)]);
      expect(outcomes.sort()).toEqual([false, true]);
    } finally {
      await other.close();
    }
  });

  it('waits for a takeover that is under way, and then refuses', async () => {
    const client = await connect(database.superuser);
    try {
      await client.query('BEGIN');
      await client.query('UPDATE ledger.lease SET epoch = 6');
      const append = store.append(batchAfter(undefined, 5));
      await expect(
        Promise.race([append, client.query('SELECT pg_sleep(0.2)').then(() => 'waits')]),
      ).resolves.toBe('waits');
      await client.query('COMMIT');
      expect(await append).toBe(false);
    } finally {
      await client.end();
    }
  });

  it('makes a takeover wait for an append that is under way', async () => {
    const client = await connect(database.ledger);
    const session = await store.openSession(() => undefined);
    try {
      await client.query('BEGIN');
      await client.query('SELECT FROM ledger.lease WHERE epoch = 5 FOR SHARE');
      const takeOver = session.takeOver(5, 'next');
      await expect(
        Promise.race([takeOver, client.query('SELECT pg_sleep(0.2)').then(() => 'waits')]),
      ).resolves.toBe('waits');
      await client.query('COMMIT');
      expect(await takeOver).toBe(6);
    } finally {
      await client.end();
      await session.close();
    }
  });
});

describe('the lease', () => {
  it('goes to one of two sessions, shows when its holder is gone, and beats for its epoch alone', async () => {
    const first = await store.openSession(() => undefined);
    const second = await store.openSession(() => undefined);
    const won = await Promise.all([first.takeOver(5, 'a'), second.takeOver(5, 'b')]);
    expect(won.filter((epoch) => epoch === 6)).toHaveLength(1);
    const [leader, standby] = won[0] === 6 ? [first, second] : [second, first];
    expect(await standby.leaderSessionExists(6)).toBe(true);
    expect(await store.beat(6)).toBe(true);
    expect(await store.beat(5)).toBe(false);
    expect(await store.readLease()).toMatchObject({ epoch: 6, beat: 1 });
    await leader.close();
    await expect.poll(() => standby.leaderSessionExists(6)).toBe(false);
    expect(await standby.takeOver(6, 'b')).toBe(7);
    await standby.close();
  });

  it('tells a leader whose session was cut', async () => {
    let lost = 0;
    const session = await store.openSession(() => lost++);
    await asSuperuser(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'trilock-ledger-leader' AND datname = current_database()`,
    );
    await expect.poll(() => lost).toBe(1);
    await session.close();
  });
});

describe('what the ledger role may not do', () => {
  it.each([
    'UPDATE ledger.batch SET epoch = 1',
    'DELETE FROM ledger.batch',
    'TRUNCATE ledger.batch',
    'DELETE FROM ledger.lease',
    'INSERT INTO ledger.index_position (singleton, sequence) VALUES (true, 1)',
    'DELETE FROM ledger.transfer_index',
    'UPDATE ledger.account_index SET position = 0',
    'UPDATE ledger.batch_digest SET digests = digests',
    'ALTER TABLE ledger.batch ADD COLUMN x int',
    'DROP TABLE ledger.batch',
    'UPDATE ledger.batch_0 SET epoch = 1',
    'CREATE TABLE ledger.mine ()',
  ])('%s', async (statement) => {
    const client = await connect(database.ledger);
    try {
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.end();
    }
  });
});

describe('durability', () => {
  it('refuses a session without synchronous_commit, and a server without fsync unless told', async () => {
    await asSuperuser(`ALTER ROLE trilock_ledger IN DATABASE ${database.name} SET synchronous_commit = off`);
    const careless = open();
    await expect(careless.assertDurable()).rejects.toMatchObject({
      code: 'ledger_durability_off',
      details: { name: 'synchronous_commit', setting: 'off' },
    });
    await careless.close();
    await asSuperuser(`ALTER ROLE trilock_ledger IN DATABASE ${database.name} SET synchronous_commit = on`);
    const strict = new PostgresLogStore({
      database: database.ledger,
      queryTimeoutMs: 5_000,
      requireFsync: true,
    });
    await expect(strict.assertDurable()).rejects.toMatchObject({ details: { name: 'fsync' } });
    await strict.close();
  });
});

describe('partitions', () => {
  it('are made ahead of the log, once', async () => {
    await Promise.all([store.preparePartitions(2_000_000), store.preparePartitions(2_000_000)]);
    const client = await connect(database.ledger);
    try {
      const { rows } = await client.query<{ name: string }>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'ledger.batch'::regclass ORDER BY 1`,
      );
      expect(rows.map((row) => row.name.replace('ledger.', ''))).toEqual([
        'batch_0',
        'batch_1',
        'batch_2',
        'batch_3',
      ]);
    } finally {
      await client.end();
    }
  });
});
