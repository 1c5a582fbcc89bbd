import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepTransferId } from '../../src/ledger/client/index.ts';
import { newId, type CustomerId } from '../../src/shared/index.ts';
import { TransferScene, type Answer } from './support/transfer-scene.ts';

let scene: TransferScene;
beforeAll(async () => {
  scene = await TransferScene.open();
});
afterAll(() => scene.close());

interface Item {
  readonly id: string;
  readonly direction: string;
  readonly counterparty: string;
  readonly amountSats: string;
  readonly memo: string | null;
  readonly completedAt: string;
}

async function history(who: CustomerId, query = ''): Promise<{ items: Item[]; nextCursor: string | null }> {
  const { body } = await scene.send('GET', query, who);
  return body as unknown as { items: Item[]; nextCursor: string | null };
}

/** Runs everything, at most so many at once. */
async function inLanes<T>(tasks: readonly (() => Promise<T>)[], lanes: number): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < tasks.length; index = next++) results[index] = await tasks[index]!();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

describe('a transfer', () => {
  it('moves money at once, and both sides see it their way', async () => {
    const ada = await scene.customer(1_000n);
    // Never had anything: the account is opened on the way.
    const bob = await scene.customer(0n);
    const { status, body } = await scene.pay(ada, bob, 300n, { memo: 'Thanks for lunch' });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      direction: 'sent',
      counterparty: bob,
      amountSats: '300',
      memo: 'Thanks for lunch',
    });
    expect([await scene.balance(ada), await scene.balance(bob)]).toEqual([700n, 300n]);
    expect((await scene.send('GET', `/${body['id'] as string}`, ada)).body).toEqual(body);
    const received = { ...body, direction: 'received', counterparty: ada };
    expect((await scene.send('GET', `/${body['id'] as string}`, bob)).body).toEqual(received);
    expect(await history(ada)).toEqual({ items: [body], nextCursor: null });
    expect(await history(bob)).toEqual({ items: [received], nextCursor: null });
    const data = { amountSats: '300', memo: 'Thanks for lunch' };
    expect(await scene.told(ada)).toMatchObject([
      { subject: body['id'], data: { ...data, direction: 'sent', counterparty: bob } },
    ]);
    expect(await scene.told(bob)).toMatchObject([
      { subject: body['id'], data: { ...data, direction: 'received', counterparty: ada } },
    ]);
    const audit = await scene.database.auditEntry.findMany({
      where: { entity: body['id'] as string },
      orderBy: { id: 'asc' },
    });
    expect(audit.map(({ actor, action }) => [actor, action])).toEqual([
      [`customer:${ada}`, 'transfer.request'],
      ['process:transfers', 'transfer.complete'],
    ]);
  });

  it('with the same key is paid once; with another payload under it, refused', async () => {
    const [ada, bob] = [await scene.customer(1_000n), await scene.customer(0n)];
    const key = randomUUID();
    const first = await scene.pay(ada, bob, 400n, { key });
    const again = await scene.pay(ada, bob, 400n, { key });
    expect(again).toMatchObject({ status: 201, text: first.text, replayed: true });
    const other = await scene.pay(ada, bob, 401n, { key });
    expect([other.status, other.body['code']]).toEqual([422, 'idempotency_key_reused']);
    expect(await scene.balance(ada)).toBe(600n);
    // Somebody else's same key is another key.
    expect((await scene.pay(bob, ada, 100n, { key })).status).toBe(201);
  });

  it('that is refused stays refused under its key, whatever comes in later', async () => {
    const [ada, bob] = [await scene.customer(10n), await scene.customer(0n)];
    const key = randomUUID();
    const refused = await scene.pay(ada, bob, 11n, { key });
    expect([refused.status, refused.body['code']]).toEqual([409, 'insufficient_funds']);
    await scene.deposit(ada, 1_000n);
    expect(await scene.pay(ada, bob, 11n, { key })).toMatchObject({ status: 409, replayed: true });
    expect((await scene.pay(ada, bob, 11n)).status).toBe(201);
    expect(await scene.balance(bob)).toBe(11n);
    expect(await history(bob)).toMatchObject({ items: [{ amountSats: '11' }] });
    expect(await scene.told(bob)).toHaveLength(1);
  });

  it.each([
    ['0', 'transfer_amount_zero'],
    ['-1', 'request_invalid'],
    ['2100000000000001', 'request_invalid'],
    ['1.5', 'request_invalid'],
    ['1e3', 'request_invalid'],
    ['2100000000000000', 'insufficient_funds'],
  ])('of %s satoshis is refused with %s', async (amountSats, code) => {
    const [ada, bob] = [await scene.customer(5n), await scene.customer(0n)];
    const { body } = await scene.send('POST', '', ada, { body: { recipient: bob, amountSats } });
    expect(body['code']).toBe(code);
    expect([await scene.balance(ada), await scene.balance(bob)]).toEqual([5n, 0n]);
  });

  it('to oneself, to nobody, or to something that is no customer, is refused', async () => {
    const ada = await scene.customer(5n);
    expect((await scene.pay(ada, ada, 1n)).body['code']).toBe('transfer_to_self');
    expect((await scene.pay(ada, newId('customer'), 1n)).body['code']).toBe('transfer_recipient_unknown');
    const body = { recipient: newId('wallet'), amountSats: '1' };
    expect((await scene.send('POST', '', ada, { body })).body['code']).toBe('request_invalid');
    expect(await scene.balance(ada)).toBe(5n);
  });

  it('from a frozen account is refused, to a frozen account arrives', async () => {
    const [ada, bob] = [await scene.customer(50n), await scene.customer(50n)];
    await scene.ledger.changeAccountFlags([
      {
        id: stepTransferId(newId('restriction'), 'freeze'),
        accountId: scene.account(ada),
        set: { frozen: true },
        code: 1,
      },
    ]);
    const refused = await scene.pay(ada, bob, 1n);
    expect([refused.status, refused.body['code']]).toEqual([403, 'transfer_sender_frozen']);
    expect((await scene.pay(bob, ada, 1n)).status).toBe(201);
    expect(await scene.balance(ada)).toBe(51n);
  });

  it('of others is not there, whether it exists or not', async () => {
    const [ada, bob, eve] = [await scene.customer(9n), await scene.customer(0n), await scene.customer(9n)];
    const { body } = await scene.pay(ada, bob, 9n);
    const seen = await scene.send('GET', `/${body['id'] as string}`, eve);
    const absent = await scene.send('GET', `/${newId('transfer')}`, eve);
    expect([seen.status, absent.status]).toEqual([404, 404]);
    const facts = ({ body: { code, title, detail } }: Answer) => ({ code, title, detail });
    expect(facts(seen)).toEqual(facts(absent));
    expect((await history(eve)).items).toEqual([]);
  });

  it('needs a key', async () => {
    const [ada, bob] = [await scene.customer(9n), await scene.customer(0n)];
    const response = await fetch(`${scene.server.url}/v1/transfers`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ada}`, 'content-type': 'application/json' },
      body: JSON.stringify({ recipient: bob, amountSats: '1' }),
    });
    expect(response.status).toBe(400);
    expect(await scene.balance(bob)).toBe(0n);
  });
});

it('the history is paged, newest first, without what is no transfer; its cursors are the caller’s own', async () => {
  const [ada, bob] = [await scene.customer(100n), await scene.customer(0n)];
  for (const sats of [1n, 2n, 3n, 4n, 5n]) {
    await scene.pay(ada, bob, sats);
    await scene.deposit(ada, 10n);
  }
  const amounts: string[] = [];
  let query = '?limit=2';
  for (;;) {
    const { items, nextCursor } = await history(ada, query);
    amounts.push(...items.map(({ amountSats }) => amountSats));
    if (nextCursor === null) break;
    expect((await scene.send('GET', `?after=${nextCursor}`, bob)).body['code']).toBe('cursor_invalid');
    query = `?limit=2&after=${nextCursor}`;
  }
  expect(amounts).toEqual(['5', '4', '3', '2', '1']);
});

it('hundreds at once among few accounts: nothing is made, lost or overdrawn', async () => {
  const customers = await Promise.all([300n, 300n, 300n, 0n].map((sats) => scene.customer(sats)));
  const wish = fc.record({
    from: fc.integer({ min: 0, max: 3 }),
    step: fc.integer({ min: 1, max: 3 }),
    sats: fc.bigInt({ min: 1n, max: 400n }),
    twice: fc.boolean(),
  });
  const wishes = fc.sample(wish, 250);
  const before = await Promise.all(customers.map((customer) => scene.balance(customer)));
  const answers = await inLanes(
    wishes.map(({ from, step, sats, twice }) => async () => {
      const key = randomUUID();
      const pay = () => scene.pay(customers[from]!, customers[(from + step) % 4]!, sats, { key });
      const both = await Promise.all(twice ? [pay(), pay()] : [pay()]);
      // The second of two at once is told that the first is under way, or gets the first one's answer.
      return both.find(({ body }) => body['code'] !== 'idempotency_key_in_progress')!;
    }),
    16,
  );
  const expected = [...before];
  for (const [index, { status, body }] of answers.entries()) {
    expect([201, 409]).toContain(status);
    if (status === 409) expect(body['code']).toBe('insufficient_funds');
    const { from, step, sats } = wishes[index]!;
    if (status !== 201) continue;
    expected[from]! -= sats;
    expected[(from + step) % 4]! += sats;
  }
  const after = await Promise.all(customers.map((customer) => scene.balance(customer)));
  expect(after).toEqual(expected);
  expect(after.every((sats) => sats >= 0n)).toBe(true);
  expect(after.reduce((sum, sats) => sum + sats)).toBe(900n);
  expect(answers.some(({ status }) => status === 201)).toBe(true);
  const paid = answers.filter(({ status }) => status === 201).length;
  const told = await Promise.all(customers.map((customer) => scene.told(customer)));
  expect(told.flat()).toHaveLength(2 * paid);
});
