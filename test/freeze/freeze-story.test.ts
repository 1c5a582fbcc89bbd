import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { remindReviews, requireAllowed } from '../../src/freeze/index.ts';
import { accountId, bookEvent } from '../../src/ledger/client/index.ts';
import { idToUuid, newId, type CustomerId } from '../../src/shared/index.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';
import { awaitedBundles } from '../../src/withdrawals/index.ts';
import { House, pay, type Owner } from '../withdrawals/support/house.ts';
import { FrozenHouse } from './frozen-house.ts';

let house: House;
let office: FrozenHouse;
let ada: Owner;
let bob: Owner;

beforeAll(async () => {
  house = await House.open();
  office = new FrozenHouse(house);
  ada = await house.owner();
  bob = await house.owner();
  await house.deposit(ada, 'vault', 3_000_000n);
  await house.deposit(ada, 'spending', 2_000_000n);
  await house.deposit(bob, 'spending', 1_000_000n);
});
afterAll(() => house.close());

/** What the ledger says to an instant payment that nobody checked before. */
async function payment(from: CustomerId, to: CustomerId): Promise<string | undefined> {
  const occurrence = {
    event: 'instantTransfer',
    entity: newId('transfer'),
    asset: 1,
    parties: { customer: from, other: to },
    amounts: { amount: 1_000n },
  } as const;
  const { results } = await house.chain.house.ledger.submit(bookEvent(occurrence));
  return results[0]?.result;
}

/** An administrator's chair: no grant, no trigger stands in the way. */
async function tamper(statement: string): Promise<void> {
  const all = `SET session_replication_role = replica; ${statement}`;
  await runAsSuperuser(house.chain.house.scene.database, all);
}

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'done';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

describe('a case', () => {
  test('stops a customer at the API at once, and in ledger and signer when it is in force', async () => {
    const id = await office.impose(ada.customer.id);
    expect((await office.read(id)).state).toBe('freezing');
    expect(await codeOf(() => requireAllowed(house.database, ada.customer.id, 'transfer'))).toBe(
      'account_restricted',
    );
    expect(await codeOf(() => house.ask(ada, { to: pay(100_000n) }))).toBe('account_restricted');
    await office.settle();
    expect((await office.read(id)).state).toBe('in_force');
    expect(await payment(ada.customer.id, bob.customer.id)).toBe('debit_account_frozen');
    // Money may come.
    expect(await payment(bob.customer.id, ada.customer.id)).toBe('ok');
    const { value } = await house.chain.house.ledger.accounts([
      accountId('spending', 1, ada.customer.id),
      accountId('vault', 1, ada.vault.id),
    ]);
    expect(value.map((account) => account?.flags.frozen)).toEqual([true, true]);
    await office.release(id);
    expect((await office.read(id)).state).toBe('released');
    expect(await payment(ada.customer.id, bob.customer.id)).toBe('ok');
    expect(await codeOf(() => requireAllowed(house.database, ada.customer.id, 'transfer'))).toBe('done');
  });

  test('is told to the customer without the reason that only staff may read', async () => {
    const id = await office.frozen(bob.customer.id);
    const events = await house.database.outboxEvent.findMany({ where: { subject: id } });
    expect(events.map(({ type }) => type)).toEqual(['account.restricted']);
    expect(events[0]?.content).toContain('Please call us.');
    expect(events[0]?.content).not.toContain('a hint');
    await office.release(id);
  });

  test('of two leaves the other in force: money stays until both are lifted', async () => {
    const [first, second] = [await office.frozen(ada.customer.id), await office.frozen(ada.customer.id)];
    await office.release(first);
    expect((await office.read(first)).state).toBe('released');
    expect((await office.read(second)).state).toBe('in_force');
    expect(await payment(ada.customer.id, bob.customer.id)).toBe('debit_account_frozen');
    expect(await codeOf(() => requireAllowed(house.database, ada.customer.id, 'withdraw'))).toBe(
      'account_restricted',
    );
    await office.release(second);
    expect(await payment(ada.customer.id, bob.customer.id)).toBe('ok');
  });
});

test('a review that is due is told to people once, and lifts nothing', async () => {
  const id = await office.frozen(bob.customer.id);
  const parts = { database: house.database, clock: house.parts.clock };
  expect(await remindReviews(parts)).toBe(0);
  const due = "UPDATE app.restriction SET review_at = '2026-01-01T00:00:00Z' WHERE id = ";
  await tamper(`${due}'${idToUuid(id)}'`);
  expect(await remindReviews(parts)).toBe(1);
  expect(await remindReviews(parts)).toBe(0);
  const alerts = await house.database.outboxEvent.findMany({ where: { type: 'alert.raised', subject: id } });
  expect(alerts.map(({ content }) => content.includes('review_due'))).toEqual([true]);
  expect((await office.read(id)).state).toBe('in_force');
  await office.release(id);
});

describe('a withdrawal in flight', () => {
  const paid = 120_000n;

  async function held(): Promise<bigint> {
    const { posted, available } = await house.balance('vault', ada.vault.id);
    return posted - available;
  }

  test('that waits for approvals is parked, and goes on after the release', async () => {
    const { id, intent } = await house.ask(ada, { to: pay(paid) });
    await house.sign(ada, intent);
    await house.carryOn();
    const restriction = await office.frozen(ada.customer.id);
    await house.later();
    // One may still say what one thinks; it does not count afterwards.
    await house.judge(intent);
    await house.later();
    expect(await house.state(id)).toBe('awaiting_approval');
    expect(await house.intentState(intent)).toBe('open');
    await office.release(restriction);
    await house.later();
    expect(await house.state(id)).toBe('awaiting_approval');
    await house.judge(intent);
    await house.carryOn();
    await house.cosign();
    await house.carryOn();
    expect(await house.state(id)).toBe('broadcast');
    await house.mine(6);
    await house.later();
    expect(await house.difference(ada.vault.id)).toBe(0n);
  });

  test('that is half signed is never completed: the signer gives that transaction up, and people are asked again', async () => {
    const { id, intent } = await house.awaitingCosigner(ada, { to: pay(paid) });
    const [awaited] = await awaitedBundles(house.parts, {});
    const halfSigned = await house.signedBundle(awaited!.bundle);
    const restriction = await office.frozen(ada.customer.id);
    await house.later();
    await house.later();
    expect(await house.state(id)).toBe('awaiting_approval');
    expect(await house.intentState(intent)).toBe('open');
    await office.release(restriction);
    // Whoever kept the half-signed one gets it completed by nobody, also now that nothing is restricted.
    const { signer } = house.chain.house;
    expect(await codeOf(() => signer.sign({ bundle: halfSigned }))).toMatch(
      /^(approval_before_release|transaction_abandoned)$/,
    );
    await house.cancel(intent);
    await house.later();
    expect(await house.state(id)).toBe('cancelled');
    expect(await held()).toBe(0n);
  });

  test('whose signature has left goes on, is booked, and people hear of it', async () => {
    const { id } = await house.broadcast(ada, { to: pay(paid) });
    const restriction = await office.frozen(ada.customer.id);
    const alerts = await house.database.outboxEvent.findMany({
      where: { type: 'alert.raised', subject: id },
    });
    expect(
      alerts.map(({ content }) => (JSON.parse(content) as { data: { code: string } }).data.code),
    ).toEqual(['frozen_after_broadcast']);
    await house.mine(6);
    await house.later();
    expect(await house.state(id)).toBe('confirmed');
    expect(await house.difference(ada.vault.id)).toBe(0n);
    await office.release(restriction);
  });

  test('of one customer does not take those of others down with it', async () => {
    const mine = await house.ask(ada, { balance: 'spending', to: pay(paid) });
    await house.sign(ada, mine.intent);
    const yours = await house.ask(bob, { balance: 'spending', to: pay(paid) });
    await house.sign(bob, yours.intent);
    await house.carryOn();
    await house.judge(mine.intent);
    await house.judge(yours.intent);
    await house.later();
    expect([await house.state(mine.id), await house.state(yours.id)]).toEqual([
      'awaiting_cosigner',
      'awaiting_cosigner',
    ]);
    const restriction = await office.frozen(ada.customer.id);
    await house.later();
    await house.later();
    expect(await house.state(mine.id)).toBe('awaiting_approval');
    await house.cosign();
    await house.carryOn();
    expect(await house.state(yours.id)).toBe('broadcast');
    await office.release(restriction);
    await house.cancel(mine.intent);
    await house.later();
    await house.mine(6);
    await house.later();
    expect(await house.difference(house.treasury.id)).toBe(0n);
  });
});

describe('a release', () => {
  test('is neither asked for nor approved by the officer who opened the case', async () => {
    const [opener] = office.officers;
    const id = await office.impose(ada.customer.id, opener!.id);
    await office.settle();
    expect(await codeOf(() => office.ask(id, 0))).toBe('restriction_step_forbidden');
    const intent = await office.ask(id, 1);
    expect(await codeOf(() => house.judge(intent, 0))).toBe('approver_is_requester');
    expect(await codeOf(() => house.judge(intent, 1))).toBe('approver_is_requester');
    await office.settle();
    expect((await office.read(id)).state).toBe('in_force');
    await house.judge(intent, 2);
    await office.settle();
    expect((await office.read(id)).state).toBe('released');
  });

  test('that only the database approved changes nothing: the signer refuses, and the case stays in force', async () => {
    const id = await office.frozen(ada.customer.id);
    const intent = await office.ask(id);
    // A writer to the application's database, without anybody's key.
    await tamper(
      `UPDATE app.queued_intent SET state = 'approved', version = version + 1 WHERE id = '${idToUuid(intent.id as never)}'`,
    );
    await office.settle();
    const after = await office.read(id);
    expect(after).toMatchObject({ state: 'in_force', releaseIntent: null });
    expect(await payment(ada.customer.id, bob.customer.id)).toBe('debit_account_frozen');
    const audit = await house.database.auditEntry.findFirst({
      where: { entity: id, action: 'restriction.in_force' },
      orderBy: { id: 'desc' },
    });
    expect(audit?.content).toContain('Too few people have approved this');
    await office.release(id);
  });

  test('of a row that a database writer made released is undone by nobody: ledger and signer still refuse', async () => {
    const id = await office.frozen(ada.customer.id);
    await tamper(
      `UPDATE app.restriction SET state = 'released', release_intent_id = gen_random_uuid(), look_at = NULL WHERE id = '${idToUuid(id)}'`,
    );
    expect(await payment(ada.customer.id, bob.customer.id)).toBe('debit_account_frozen');
    const asked = await codeOf(() => house.ask(ada, { to: pay(100_000n) }));
    expect(asked).toBe('done');
    const row = await inTransaction(house.database, (tx) =>
      tx.withdrawal.findFirstOrThrow({ orderBy: { createdAt: 'desc' } }),
    );
    expect(row.state).toBe('requested');
    await tamper(
      `UPDATE app.restriction SET state = 'in_force', release_intent_id = NULL WHERE id = '${idToUuid(id)}'`,
    );
    await office.release(id);
  });
});
