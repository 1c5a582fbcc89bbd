import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgresStores } from '../../../src/ledger/store/postgres-stores.ts';
import { takeCheckpoint } from '../../../src/ledger/recovery/take-checkpoint.ts';
import { verifyLedgerDatabase } from '../../../src/ledger/index.ts';
import type { LedgerClient, LedgerId } from '../../../src/ledger/client/index.ts';
import type { TestDatabase } from '../../postgres/test-database.ts';
import { createLedgerDatabase, runAsSuperuser } from '../ledger-database.ts';
import { freshId, RecordingLogger, startLedger, type TestLedger } from '../running-ledger.ts';

let database: TestDatabase;
let running: TestLedger;
let client: LedgerClient;
let accounts: LedgerId[];

beforeAll(async () => {
  database = await createLedgerDatabase();
  running = await startLedger(database, { idsPerGeneration: 16_380 });
  client = running.client();
  accounts = [freshId(), freshId(), freshId()];
  await client.createAccounts(accounts.map((id) => ({ id, asset: 1, code: 1 })));
});

afterAll(async () => {
  await running.stop();
  await database.drop();
});

function transfers(amounts: readonly bigint[]): { id: LedgerId; amount: bigint }[] {
  return amounts.map((amount) => ({ id: freshId(), amount }));
}

const body = (amount: { id: LedgerId; amount: bigint }) => ({
  ...amount,
  debitAccountId: accounts[0]!,
  creditAccountId: accounts[1]!,
  asset: 1,
  code: 1,
});

describe('history', () => {
  it('is whole and in order across pages, whether indexed or not yet, and both ways', async () => {
    const expected: bigint[] = [];
    for (let n = 0; n < 12; n++) {
      const amounts = [BigInt(3 * n + 1), BigInt(3 * n + 2), BigInt(3 * n + 3)];
      expected.push(...amounts);
      await client.transfer(transfers(amounts).map(body));
      // Its own write is there at once.
      const { value } = await client.history({ accountId: accounts[1]!, limit: 1 });
      expect(value.records[0]?.record.amount).toBe(amounts[2]);
    }
    for (const newestFirst of [false, true]) {
      const seen: bigint[] = [];
      for (let after: number | undefined; ;) {
        const page = {
          accountId: accounts[0]!,
          limit: 7,
          newestFirst,
          ...(after === undefined ? {} : { after }),
        };
        const { value } = await client.history(page);
        seen.push(...value.records.map(({ record }) => record.amount));
        after = value.next;
        if (after === undefined) break;
      }
      expect(seen).toEqual(newestFirst ? [...expected].reverse() : expected);
    }
    expect((await client.history({ accountId: accounts[2]! })).value).toEqual({
      records: [],
      next: undefined,
    });
  });

  it('keeps to the times asked for', async () => {
    const first = await client.transfer(transfers([1_000n]).map(body));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await client.transfer(transfers([2_000n]).map(body));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await client.transfer(transfers([3_000n]).map(body));
    const between = async (): Promise<bigint[]> => {
      const { value } = await client.history({
        accountId: accounts[0]!,
        fromTimeMs: first.timeMs + 1,
        toTimeMs: second.timeMs,
      });
      return value.records.map(({ record }) => record.amount);
    };
    expect(await between()).toEqual([2_000n]);
    await expect.poll(() => running.ledger.measures().unindexedBytes).toBe(0);
    expect(await between()).toEqual([2_000n]);
  });
});

describe('an old id', () => {
  it('is never accepted twice, however much came after it and across a restart from a checkpoint', async () => {
    const old = body({ id: freshId(), amount: 7n });
    const refused = { ...body({ id: freshId(), amount: 8n }), asset: 2 };
    const first = await client.transfer([old, refused]);
    const answers = first.results.map(({ result }) => result);
    expect(answers[0]).toBe('ok');
    for (let n = 0; n < 7; n++) {
      await client.transfer(Array.from({ length: 8_190 }, () => body({ id: freshId(), amount: 1n })));
    }
    const again = await client.transfer([
      old,
      refused,
      { ...old, amount: 9n },
      body({ id: freshId(), amount: 1n }),
    ]);
    const repeated = ['exists', answers[1], 'exists_with_different_amount', 'ok'];
    expect(again.results.map(({ result }) => result)).toEqual(repeated);
    const stores = openPostgresStores({
      database: database.ledger,
      queryTimeoutMs: 10_000,
      requireFsync: false,
    });
    const logger = new RecordingLogger();
    const context = { ...stores, partition: 0, engineOptions: {}, logger };
    expect(await takeCheckpoint(context)).toBeGreaterThan(8);
    expect(await takeCheckpoint(context)).toBeUndefined();
    await stores.close();
    await running.stop();
    running = await startLedger(database);
    client = running.client();
    const after = await client.transfer([old, refused, { ...old, amount: 9n }]);
    expect(after.results.map(({ result }) => result)).toEqual(repeated.slice(0, 3));
    expect((await client.transfers([old.id])).value[0]?.record.amount).toBe(7n);
    expect((await verifyLedgerDatabase({ database: database.ledger })).findings).toEqual([]);
  });
});

describe('a database that somebody tampered with', () => {
  it('is named by batch and record, and the ledger refuses to start on it', async () => {
    await expect.poll(() => running.ledger.measures().unindexedBytes).toBe(0);
    await running.stop();
    // The amount of the second record of batch 2: 2 satoshis become 3.
    await runAsSuperuser(
      database,
      `UPDATE ledger.batch SET records = set_byte(records, 128 + 64, 3) WHERE sequence = 2`,
    );
    const { findings } = await verifyLedgerDatabase({ database: database.ledger });
    expect(findings[0]).toMatchObject({ part: 'log', sequence: 2, record: 1 });
    // A checkpoint would skip the old batch; without one the start reads it all.
    await runAsSuperuser(database, 'DELETE FROM ledger.checkpoint');
    const refused = await startLedger(database);
    await expect(refused.ledger.ended).rejects.toMatchObject({
      code: 'ledger_log_broken',
      details: { sequence: 2, reason: 'its hash is wrong' },
    });
    await refused.stop();
  });
});
