import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApprovalQueue, escalateIntents, type StoredIntent } from '../../src/approvals/index.ts';
import {
  careOf,
  CLAIM_MS,
  claimIntent,
  commentIntent,
  unclaimIntent,
} from '../../src/approvals/intent-care.ts';
import { inTransaction, openDatabase, type Database } from '../../src/database/index.ts';
import { statementDigest, type RequestSignature } from '../../src/intents/index.ts';
import { PolicyInForce } from '../../src/policy/index.ts';
import { isoTime, ManualClock, newId, parseId } from '../../src/shared/index.ts';
import { custody, type Custody } from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';
import { createTestDatabase, type TestDatabase } from '../postgres/test-database.ts';

const HOUR_MS = 3_600_000;
const LIMITS = { unclaimedMs: HOUR_MS, unapprovedMs: 4 * HOUR_MS };
const SOMEBODY = { actor: { kind: 'anonymous' }, strength: 'none' } as const;

let server: TestDatabase;
let database: Database;
let house: Custody;
const clock = new ManualClock(NOW);

beforeAll(async () => {
  server = await createTestDatabase();
  database = openDatabase(server.app);
  house = custody();
});
afterAll(async () => {
  await database.$disconnect();
  await server.drop();
});

function queue(): ApprovalQueue {
  return new ApprovalQueue({
    ...{ clock, network: 'regtest', credentialsOf: () => Promise.resolve(new Map()) },
    manifest: () => Promise.resolve(house.manifest),
    policy: new PolicyInForce({ clock }),
    kinds: new Map([['release', {}]]),
  });
}

const person = (index: number) => house.house.approvers[index]!;
const staff = (index: number) => parseId('staff', person(index).id);

/** A release that waits for approvals, asked for by the first of the staff. */
async function open(): Promise<StoredIntent> {
  const asking = queue();
  const stored = await inTransaction(database, async (tx) => {
    const body = {
      ...{ customer: newId('customer'), restriction: newId('restriction'), openedBy: newId('staff') },
      reason: 'done with it',
    };
    const wish = { kind: 'release', id: newId('intent'), requester: staff(0), body } as const;
    return asking.submit(tx, await asking.draft(tx, wish), SOMEBODY);
  });
  const statement: RequestSignature['statement'] = {
    ...{ purpose: 'request', intentHash: stored.hash, credential: staff(0) },
    signedAt: isoTime(clock.nowMs()),
  };
  const request = { statement, signature: person(0).signer.sign(statementDigest(statement)) };
  return inTransaction(database, (tx) => asking.sign(tx, stored.id, request, SOMEBODY));
}

async function claim(stored: StoredIntent, by: number, from?: number): Promise<void> {
  const wish = { staff: staff(by), takeOverFrom: from === undefined ? null : staff(from) };
  await inTransaction(database, (tx) => claimIntent(tx, stored, wish, SOMEBODY, clock));
}

const care = (stored: StoredIntent) => inTransaction(database, (tx) => careOf(tx, stored.id, clock.nowMs()));

async function escalated(): Promise<number> {
  const failures: unknown[] = [];
  const told = await escalateIntents(database, clock, LIMITS, (thrown) => failures.push(thrown));
  expect(failures).toEqual([]);
  return told;
}

async function audited(stored: StoredIntent): Promise<string[]> {
  const rows = await database.auditEntry.findMany({ where: { entity: stored.id }, orderBy: { id: 'asc' } });
  return rows.map(({ action }) => action);
}

describe('a claim', () => {
  it('is one person’s until it is left, taken over, or four hours old', async () => {
    const stored = await open();
    await claim(stored, 1);
    await claim(stored, 1);
    await expect(claim(stored, 2)).rejects.toMatchObject({
      code: 'queued_intent_claimed',
      details: { by: staff(1) },
    });
    await expect(claim(stored, 2, 0)).rejects.toMatchObject({ code: 'queued_intent_claimed' });
    await claim(stored, 2, 1);
    expect((await care(stored)).claim?.by).toBe(staff(2));
    await inTransaction(database, (tx) => unclaimIntent(tx, stored.id, staff(1), SOMEBODY, clock));
    expect((await care(stored)).claim?.by).toBe(staff(2));
    clock.advance(CLAIM_MS);
    expect((await care(stored)).claim).toBeNull();
    await claim(stored, 1);
    await inTransaction(database, (tx) => unclaimIntent(tx, stored.id, staff(1), SOMEBODY, clock));
    expect((await care(stored)).claim).toBeNull();
    expect(await audited(stored)).toEqual([
      ...['intent.submit', 'intent.sign', 'intent.claim', 'intent.claim', 'intent.claim', 'intent.unclaim'],
    ]);
    await inTransaction(database, (tx) => queue().cancel(tx, stored.id, SOMEBODY, 'done'));
  });

  it('is of no use for what has ended', async () => {
    const stored = await open();
    const ended = await inTransaction(database, (tx) =>
      queue().cancel(tx, stored.id, SOMEBODY, 'asked for the wrong one'),
    );
    await expect(claim(ended, 1)).rejects.toMatchObject({ code: 'queued_intent_settled' });
  });
});

it('comments stay, in order, with the audit log', async () => {
  const stored = await open();
  for (const text of ['called the customer', 'papers are in order']) {
    const comment = { id: newId('comment'), staff: staff(1), text };
    await inTransaction(database, (tx) => commentIntent(tx, stored.id, comment, SOMEBODY, clock));
  }
  expect((await care(stored)).comments.map(({ text }) => text)).toEqual([
    'called the customer',
    'papers are in order',
  ]);
  await expect(database.intentComment.deleteMany()).rejects.toThrow('permission denied');
  await inTransaction(database, (tx) => queue().cancel(tx, stored.id, SOMEBODY, 'done'));
});

describe('what lies', () => {
  it('is told to officers after an hour when nobody claims it, once', async () => {
    const stored = await open();
    clock.advance(HOUR_MS - 1);
    expect(await escalated()).toBe(0);
    clock.advance(1);
    expect(await escalated()).toBe(1);
    expect(await escalated()).toBe(0);
    const event = await database.outboxEvent.findFirstOrThrow({ where: { type: 'approval.escalated' } });
    expect(JSON.parse(event.content)).toMatchObject({ data: { intent: stored.id, to: 'officer' } });
    expect((await care(stored)).escalatedAt).not.toBeNull();
  });

  it('is given four times as long while somebody looks after it', async () => {
    const stored = await open();
    clock.advance(HOUR_MS / 2);
    await claim(stored, 1);
    clock.advance(HOUR_MS);
    expect(await escalated()).toBe(0);
    clock.advance(3 * HOUR_MS);
    expect(await escalated()).toBe(1);
  });

  it('is not told of once it has ended', async () => {
    const stored = await open();
    clock.advance(HOUR_MS);
    await inTransaction(database, (tx) => queue().cancel(tx, stored.id, SOMEBODY, 'not needed'));
    expect(await escalated()).toBe(0);
  });
});
