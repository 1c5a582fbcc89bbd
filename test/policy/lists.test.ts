import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addressOfScript, parseAddress } from '../../src/bitcoin/index.ts';
import { inTransaction, openDatabase, type Database } from '../../src/database/index.ts';
import {
  addDestination,
  readAddressBook,
  removeDestination,
  setAllowList,
  type AddressBookParts,
} from '../../src/policy/address-book.ts';
import { importSanctions } from '../../src/policy/import-sanctions.ts';
import { PolicyInForce } from '../../src/policy/index.ts';
import { judgeRisk, listAddress, listListed, listRisks } from '../../src/policy/listed-addresses.ts';
import type { PublishedList } from '../../src/policy/sanctions-file.ts';
import { idToUuid, ManualClock, newId, type CustomerId } from '../../src/shared/index.ts';
import { createTestDatabase, type TestDatabase } from '../postgres/test-database.ts';

const NOW = Date.parse('2026-06-01T12:00:00.000Z');
const HOUR = 3_600_000;
const STAFF = newId('staff');
const BY = { actor: { kind: 'staff', id: STAFF }, strength: 'passkey' } as const;
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

let testDatabase: TestDatabase;
let database: Database;
const clock = new ManualClock(NOW);
let parts: AddressBookParts;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.app);
  parts = { clock, network: 'regtest', policy: new PolicyInForce({ clock }) };
});
afterAll(async () => {
  await database.$disconnect();
  await testDatabase.drop();
});

async function customer(): Promise<CustomerId> {
  const id = newId('customer');
  await database.customer.create({
    data: { id: idToUuid(id), email: `${id}@example.org`, displayName: 'Ada', createdAt: new Date(NOW) },
  });
  return id;
}

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'done';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

function now(): Date {
  return new Date(clock.nowMs());
}

describe('an address book', () => {
  const add = (id: CustomerId, address = ADDRESS) =>
    inTransaction(database, (tx) =>
      addDestination(parts, tx, { id: newId('destination'), customer: id, address, label: 'Mine' }, BY),
    );

  test('takes a destination once, in one spelling, and lets it cool off', async () => {
    const ada = await customer();
    const entry = await add(ada, ADDRESS.toUpperCase());
    expect(entry).toMatchObject({ address: ADDRESS, label: 'Mine' });
    expect(entry.usableAt.getTime() - entry.addedAt.getTime()).toBe(24 * HOUR);
    expect(await codeOf(() => add(ada))).toBe('destination_known');
    expect(await codeOf(() => add(ada, '12QtD5BFwRsdNsAZY76UVE1xyCGNTojH9h'))).toBe('destination_invalid');
    const events = await database.outboxEvent.findMany({ where: { subject: entry.id } });
    expect(events.map(({ type }) => type)).toEqual(['destination.added']);
  });

  test('gives up a destination at once, for its owner alone, and takes it again anew', async () => {
    const [ada, bob] = [await customer(), await customer()];
    const { id } = await add(ada);
    const remove = (owner: CustomerId) =>
      inTransaction(database, (tx) => removeDestination(parts, tx, owner, id, BY));
    expect(await codeOf(() => remove(bob))).toBe('destination_unknown');
    await remove(ada);
    expect(await codeOf(() => remove(ada))).toBe('destination_unknown');
    expect((await readAddressBook(database, ada, now())).items).toEqual([]);
    expect((await add(ada)).id).not.toBe(id);
  });

  test('closes at once, opens after a while, and closing again takes that back', async () => {
    const ada = await customer();
    const set = (onlyKnown: boolean) =>
      inTransaction(database, (tx) => setAllowList(parts, tx, ada, onlyKnown, BY));
    const book = () => readAddressBook(database, ada, now());
    expect(await book()).toMatchObject({ onlyKnown: false, opensAt: null });
    await set(true);
    expect(await book()).toMatchObject({ onlyKnown: true, opensAt: null });
    clock.advance(HOUR);
    await set(false);
    expect(await book()).toMatchObject({ onlyKnown: true, opensAt: new Date(clock.nowMs() + 24 * HOUR) });
    clock.advance(HOUR);
    await set(true);
    clock.advance(48 * HOUR);
    expect(await book()).toMatchObject({ onlyKnown: true, opensAt: null });
    await set(false);
    clock.advance(24 * HOUR);
    expect(await book()).toMatchObject({ onlyKnown: false, opensAt: null });
  });
});

describe('a listed address', () => {
  const enter = (expiresAt: Date, address = ADDRESS) =>
    inTransaction(database, (tx) =>
      listAddress(
        parts,
        tx,
        {
          ...{ id: newId('listing'), address, reputation: 'blocked', expiresAt },
          ...{ reference: 'Report 1', reason: 'Fraud' },
        },
        STAFF,
        BY,
      ),
    );

  test('says who listed it, why and until when', async () => {
    const expiresAt = new Date(clock.nowMs() + HOUR);
    const listed = await enter(expiresAt);
    expect(listed).toMatchObject({ address: ADDRESS, source: 'staff', enteredBy: STAFF, expiresAt });
    const page = { address: ADDRESS, after: null, limit: 10 };
    expect(await listListed(database, page)).toEqual([listed]);
    expect(await listListed(database, { ...page, after: listed.id })).toEqual([]);
  });

  test('ends within a year, and not before it begins', async () => {
    expect(await codeOf(() => enter(now()))).toBe('listing_invalid');
    expect(await codeOf(() => enter(new Date(clock.nowMs() + 367 * 24 * HOUR)))).toBe('listing_invalid');
    expect(await codeOf(() => enter(new Date(clock.nowMs() + HOUR), 'nothing'))).toBe('destination_invalid');
  });

  test('of staff is not lifted before its end, by nobody who works on the database', async () => {
    const { id } = await enter(new Date(clock.nowMs() + HOUR));
    const lift = database.listedAddress.update({
      where: { id: idToUuid(id) },
      data: { expiresAt: new Date(clock.nowMs() + 1) },
    });
    await expect(lift).rejects.toThrow('does not change');
    await expect(database.listedAddress.delete({ where: { id: idToUuid(id) } })).rejects.toThrow();
  });
});

test('how risky a customer is, the newest says', async () => {
  const ada = await customer();
  const judge = (who: CustomerId, score: number) =>
    inTransaction(database, (tx) =>
      judgeRisk(clock, tx, { customer: who, score, reason: 'seen', judgedBy: STAFF }, BY),
    );
  await judge(ada, 20);
  await judge(ada, 60);
  expect((await listRisks(database, ada)).map(({ score }) => score)).toEqual([60, 20]);
  expect(await codeOf(() => judge(newId('customer'), 1))).toBe('customer_unknown');
});

describe('an imported list', () => {
  const MAIN = [
    '12QtD5BFwRsdNsAZY76UVE1xyCGNTojH9h',
    '1BoatSLRHtKNngkdXEeobR76b53LETtpyT',
    'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  ];
  const here = (address: string) =>
    addressOfScript(parseAddress(address, 'mainnet').scriptPubKey, 'regtest')!.text;
  const list = (day: number, addresses: readonly string[], others = 0): PublishedList => ({
    publishedOn: new Date(Date.UTC(2026, 5, day)),
    sha256: 'a'.repeat(64),
    addresses: addresses.map((address, index) => ({ entry: String(index + 1), name: 'DOE', address })),
    others,
  });
  const run = (published: PublishedList, allowShrink = false) =>
    importSanctions({ database, clock, network: 'regtest' }, published, BY, { allowShrink });
  const sanctioned = async () => {
    const rows = await database.listedAddress.findMany({
      where: { source: 'ofac-sdn', OR: [{ expiresAt: null }, { expiresAt: { gt: now() } }] },
      orderBy: { reference: 'asc' },
    });
    return rows.map(({ address }) => address);
  };

  test('lists what it names as this network spells it, and skips what is no address', async () => {
    const done = await run(list(1, [...MAIN, 'nonsense'], 5));
    expect(done).toEqual({ addresses: 3, added: 3, dropped: 0, skipped: 6 });
    expect(await sanctioned()).toEqual(MAIN.map(here));
    expect(await run(list(1, MAIN))).toMatchObject({ added: 0, dropped: 0 });
  });

  test('older than the last, or much shorter, is not believed', async () => {
    await run(list(5, MAIN));
    expect(await codeOf(() => run(list(4, MAIN)))).toBe('sanctions_file_outdated');
    expect(await codeOf(() => run(list(6, MAIN.slice(0, 2))))).toBe('sanctions_file_shrunk');
    expect(await codeOf(() => run(list(6, [])))).toBe('sanctions_file_shrunk');
    expect(await sanctioned()).toHaveLength(3);
  });

  test('that names an address no more lets it go after some days; naming it again keeps it', async () => {
    expect(await run(list(7, MAIN.slice(0, 2)), true)).toMatchObject({ dropped: 1 });
    expect(await sanctioned()).toHaveLength(3);
    clock.advance(7 * 24 * HOUR);
    expect(await sanctioned()).toEqual(MAIN.slice(0, 2).map(here));
    expect(await run(list(8, MAIN))).toMatchObject({ added: 0, dropped: 0 });
    expect(await sanctioned()).toHaveLength(3);
  });
});
