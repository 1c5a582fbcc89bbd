import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TestDatabase } from '../../postgres/test-database.ts';
import { createLedgerDatabase } from '../ledger-database.ts';
import { KilledLedger } from './killed-ledger.ts';

let database: TestDatabase;
let ledger: KilledLedger;

beforeEach(async () => {
  database = await createLedgerDatabase();
  ledger = await KilledLedger.prepare(database);
});

afterEach(async () => {
  await ledger.dispose();
  await database.drop();
});

it('loses nothing and moves nothing twice when killed before a commit, and after one before the answer', async () => {
  await ledger.start({ when: 'before', append: 12 });
  await ledger.open();
  ledger.move();
  await ledger.died();
  await ledger.start({ when: 'after', append: 20 });
  await ledger.died();
  await ledger.start();
  const { expected, found, findings } = await ledger.settle();
  expect(found).toEqual(expected);
  expect(findings).toEqual([]);
  expect(ledger.answered).toBeGreaterThan(30);
});
