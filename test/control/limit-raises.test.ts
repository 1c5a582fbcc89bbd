import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import type { Intent } from '../../src/intents/index.ts';
import { PolicyInForce, settleLimitRaises, type PolicyChangeParts } from '../../src/policy/index.ts';
import { listLimitRaises, requestLimitRaise, revokeLimitRaise } from '../../src/policy/limit-raises.ts';
import { raisesOf } from '../../src/policy/raises-in-force.ts';
import type { PolicyDocument } from '../../src/policy/policy-document-contract.ts';
import { idToUuid, newId, parseId, satoshis, type CustomerId } from '../../src/shared/index.ts';
import { newCustomer } from '../identity/support/bank.ts';
import { SOMEBODY } from '../withdrawals/support/house.ts';
import { ControlHouse } from './control-house.ts';

const HOUR_MS = 3_600_000;

const DOCUMENT: PolicyDocument = {
  format: 1,
  title: 'A bitcoin a day',
  loosening: { delayHours: 24 },
  addressBook: { coolingOffHours: 24 },
  lists: [],
  rules: [
    {
      name: 'listed',
      because: 'The destination is blocked.',
      when: { destination: { reputation: ['blocked', 'sanctioned'] } },
      then: { outcome: 'deny' },
    },
    {
      name: 'daily',
      because: 'More than a bitcoin within a day.',
      when: { velocity: [{ per: 'customer', hours: 24, satoshis: { from: '100000001' } }] },
      then: { outcome: 'deny' },
    },
    { name: 'rest', because: 'The manifest suffices.', when: {}, then: { outcome: 'allow' } },
  ],
};

let house: ControlHouse;
let parts: PolicyChangeParts;
let customer: CustomerId;
beforeAll(async () => {
  let own = '';
  house = await ControlHouse.open(({ approvers }) => ({
    approvers: approvers.map((entry, index) => {
      if (index !== 2) return entry;
      own = newId('customer');
      return { ...entry, customer: own };
    }),
  }));
  const policy = new PolicyInForce({ clock: house.bank.clock, initial: DOCUMENT });
  parts = { ...house.parts, policy };
  customer = parseId('customer', (await newCustomer(house.bank)).id);
});
afterAll(() => house.close());

interface Wish {
  readonly rule?: string;
  readonly amount?: bigint;
  readonly hours?: number;
  readonly by?: number;
  readonly whose?: CustomerId;
}

async function ask({
  rule = 'daily',
  amount = 500_000_000n,
  hours = 48,
  by = 0,
  whose = customer,
}: Wish = {}) {
  const wish = {
    ...{
      intent: newId('intent'),
      customer: whose,
      rule,
      satoshis: satoshis(amount),
      reason: 'Buys a house.',
    },
    until: new Date(house.bank.clock.nowMs() + hours * HOUR_MS),
    requester: house.colleagues[by]!.id,
  };
  return await inTransaction(parts.database, (tx) => requestLimitRaise(parts, tx, wish, SOMEBODY));
}

async function raised(wish: Wish = {}): Promise<Intent> {
  const asked = await ask(wish);
  await house.sign(asked, wish.by);
  await house.judge(asked, 1);
  expect(await settleLimitRaises(parts)).toBe(1);
  return asked.intent;
}

async function inForce(hoursLater = 0): Promise<{ raised: number; forged: number }> {
  const nowMs = house.bank.clock.nowMs() + hoursLater * HOUR_MS;
  const found = await inTransaction(parts.database, (tx) =>
    raisesOf(tx, customer, house.trust.manifest, nowMs),
  );
  return { raised: found.raised.length, forged: found.forged.length };
}

describe('a limit', () => {
  test('is raised by others for a time, told to the customer, and lowered by one', async () => {
    const first = await raised();
    expect(await inForce()).toEqual({ raised: 1, forged: 0 });
    const told = await parts.database.outboxEvent.findMany({ where: { type: 'limit.raised' } });
    expect(told.map(({ customer: whom }) => whom)).toEqual([customer]);
    const id = parseId('intent', first.id);
    const revoke = () =>
      inTransaction(parts.database, (tx) => revokeLimitRaise(parts, tx, id, 'over', SOMEBODY));
    expect(await revoke()).toMatchObject({ rule: 'daily', satoshis: '500000000' });
    await expect(revoke()).rejects.toMatchObject({ code: 'limit_raise_unknown' });
    expect(await inForce()).toEqual({ raised: 0, forged: 0 });
    const second = parseId('intent', (await raised({ hours: 3 })).id);
    expect(await inForce(2)).toEqual({ raised: 1, forged: 0 });
    expect(await inForce(3)).toEqual({ raised: 0, forged: 0 });
    await inTransaction(parts.database, (tx) => revokeLimitRaise(parts, tx, second, 'over', SOMEBODY));
    const all = await inTransaction(parts.database, (tx) => listLimitRaises(tx, customer));
    expect(all).toHaveLength(2);
  });

  test('is not raised for ever, nor where none is, nor what is not about amounts', async () => {
    await expect(ask({ hours: 91 * 24 })).rejects.toMatchObject({ code: 'limit_raise_invalid' });
    await expect(ask({ hours: -1 })).rejects.toMatchObject({ code: 'limit_raise_invalid' });
    await expect(ask({ amount: 100_000_000n })).rejects.toMatchObject({ code: 'limit_raise_invalid' });
    await expect(ask({ rule: 'listed' })).rejects.toMatchObject({ code: 'limit_rule_unknown' });
    await expect(ask({ rule: 'rest' })).rejects.toMatchObject({ code: 'limit_rule_unknown' });
    await expect(ask({ rule: 'none' })).rejects.toMatchObject({ code: 'limit_rule_unknown' });
    await expect(ask({ whose: newId('customer') })).rejects.toMatchObject({ code: 'limit_raise_invalid' });
  });

  test('of one’s own: asked for by nobody, and approved by nobody', async () => {
    const own = parseId('customer', house.trust.manifest.approvers[2]?.customer ?? '');
    const { database } = parts;
    const createdAt = new Date();
    const account = { email: 'third@example.com', displayName: 'Third', createdAt };
    await database.customer.create({ data: { ...account, id: idToUuid(own) } });
    await expect(ask({ whose: own, by: 2 })).rejects.toMatchObject({ code: 'limit_raise_own' });
    const asked = await ask({ whose: own });
    await house.sign(asked);
    expect((await house.judge(asked, 2)).body['code']).toBe('approver_is_requester');
    expect(await settleLimitRaises(parts)).toBe(0);
  });
});

describe('whoever writes to the database', () => {
  test('raises nothing by a row, and nothing again that was revoked', async () => {
    const asked = await ask();
    await house.sign(asked);
    const uuid = idToUuid(parseId('intent', asked.intent.id));
    await house.tamper(
      `UPDATE app.queued_intent SET state = 'executed' WHERE id = '${uuid}';
       INSERT INTO app.limit_raise SELECT id, customer_id, (canonical::json->'body'->>'until')::timestamptz, now(), NULL
         FROM app.queued_intent WHERE id = '${uuid}'`,
    );
    expect(await inForce()).toEqual({ raised: 0, forged: 1 });
    await house.tamper(`DELETE FROM app.limit_raise WHERE intent_id = '${uuid}'`);
    const genuine = await raised();
    const id = parseId('intent', genuine.id);
    await inTransaction(parts.database, (tx) => revokeLimitRaise(parts, tx, id, 'over', SOMEBODY));
    await house.tamper(`UPDATE app.limit_raise SET revoked_at = NULL WHERE intent_id = '${idToUuid(id)}'`);
    expect(await inForce()).toEqual({ raised: 0, forged: 1 });
    await house.tamper(
      `UPDATE app.limit_raise SET until = until + interval '1 day' WHERE intent_id = '${idToUuid(id)}'`,
    );
    expect(await inForce()).toEqual({ raised: 0, forged: 1 });
  });

  test('does not have an unapproved one carried out, and operators hear of it', async () => {
    const asked = await ask();
    await house.sign(asked);
    const uuid = idToUuid(parseId('intent', asked.intent.id));
    await house.tamper(`UPDATE app.queued_intent SET state = 'approved' WHERE id = '${uuid}'`);
    expect(await settleLimitRaises(parts)).toBe(1);
    expect(await house.state(asked.intent)).toBe('rejected');
    expect(await house.alerts(asked.intent.id)).toEqual(['approvals_insufficient']);
  });
});
