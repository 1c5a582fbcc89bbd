import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { intentHash, parseIntent, type Intent } from '../../src/intents/index.ts';
import { House, PAYEE, type Owner } from './support/house.ts';
import { serveHouse } from './support/serve-house.ts';

let house: House;
let ada: Owner;
let eve: Owner;
beforeAll(async () => {
  house = await House.open();
  ada = await house.owner('collaborative');
  eve = await house.owner();
  await house.deposit(ada, 'vault', 900_000n);
});
afterAll(() => house.close());

const WISH = {
  balance: 'vault',
  to: { kind: 'addresses', payments: [{ address: PAYEE, satoshis: '200000' }] },
  maxFee: '20000',
};

test('from request to broadcast over HTTP: two calls of the customer, one of an approver, one signed bundle', async () => {
  const as = await serveHouse(house);
  const customer = as(ada.customer.id, ['customer']);
  const key = randomUUID();
  const asked = await customer('POST', '/v1/withdrawals', WISH, key);
  expect(asked).toMatchObject({
    status: 202,
    body: { state: 'requested', intentState: 'draft', amount: '200000' },
  });
  // The same key again: the same withdrawal, not another.
  expect((await customer('POST', '/v1/withdrawals', WISH, key)).body).toEqual(asked.body);
  const intent: Intent = parseIntent(asked.body['intent']);
  expect(asked.body['intentHash']).toBe(intentHash(intent));
  const path = `/v1/withdrawals/${asked.body['id'] as string}`;

  const signed = await customer('POST', `${path}/request-signature`, house.signatureOf(ada, intent));
  expect(signed).toMatchObject({ status: 202, body: { intentState: 'open' } });
  await house.carryOn();

  const approval = house.approvalBy(intent);
  const staff = as(approval.statement.approver, ['compliance']);
  const queue = await staff('GET', '/v1/intents');
  expect(queue.body['items']).toHaveLength(1);
  const detail = await staff('GET', `/v1/intents/${intent.id}`);
  expect(detail.body).toMatchObject({ needed: [{ approvals: 1 }], state: 'open' });
  expect(JSON.stringify(detail.body['explanation'])).toContain('Pays 0.00200000 BTC to');
  expect((await staff('POST', `/v1/intents/${intent.id}/approvals`, approval)).body['state']).toBe(
    'approved',
  );
  await house.carryOn();

  const awaited = await customer('GET', '/v1/signing-bundles');
  const [{ bundle, txid }] = awaited.body['items'] as [{ bundle: never; txid: string }];
  expect(await as(eve.customer.id, ['customer'])('GET', '/v1/signing-bundles')).toMatchObject({
    body: { items: [] },
  });
  const handed = await house.signedBundle(bundle);
  expect(await as(eve.customer.id, ['customer'])('POST', '/v1/signing-bundles', handed)).toMatchObject({
    status: 404,
    body: { code: 'bundle_unknown' },
  });
  expect(await customer('POST', '/v1/signing-bundles', bundle)).toMatchObject({
    status: 422,
    body: { code: 'bundle_signature_missing' },
  });
  expect(await customer('POST', '/v1/signing-bundles', handed)).toMatchObject({
    status: 202,
    body: { txid },
  });
  await house.carryOn();
  expect((await customer('GET', path)).body).toMatchObject({ state: 'broadcast', transaction: { txid } });
  expect((await customer('POST', `${path}/cancel`)).body).toMatchObject({ code: 'queued_intent_settled' });
});

describe('what others may not', () => {
  test('somebody else’s withdrawal does not exist', async () => {
    const as = await serveHouse(house);
    const asked = await as(ada.customer.id, ['customer'])('POST', '/v1/withdrawals', WISH);
    const path = `/v1/withdrawals/${asked.body['id'] as string}`;
    const stranger = as(eve.customer.id, ['customer']);
    const intent = parseIntent(asked.body['intent']);
    for (const answer of [
      await stranger('GET', path),
      await stranger('POST', `${path}/cancel`),
      await stranger('POST', `${path}/request-signature`, house.signatureOf(ada, intent)),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'withdrawal_unknown' } });
    }
    expect((await stranger('GET', '/v1/withdrawals')).body['items']).toEqual([]);
  });

  test('an approver gives their own word alone, and customers see no queue', async () => {
    const as = await serveHouse(house);
    const customer = as(ada.customer.id, ['customer']);
    const asked = await customer('POST', '/v1/withdrawals', WISH);
    const intent = parseIntent(asked.body['intent']);
    const word = house.approvalBy(intent, 0);
    const other = as(house.approvalBy(intent, 1).statement.approver, ['compliance']);
    expect(await other('POST', `/v1/intents/${intent.id}/approvals`, word)).toMatchObject({
      status: 403,
      body: { code: 'approval_of_another' },
    });
    expect((await customer('GET', '/v1/intents')).status).toBe(403);
  });

  test.each([
    [
      'another network',
      { payments: [{ address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', satoshis: '200000' }] },
      'withdrawal_destination_invalid',
    ],
    ['dust', { payments: [{ address: PAYEE, satoshis: '100' }] }, 'withdrawal_destination_dust'],
    [
      'more than all bitcoin',
      { payments: [{ address: PAYEE, satoshis: '2100000000000000' }] },
      'amount_out_of_range',
    ],
  ])('%s is refused in words', async (_, to, code) => {
    const as = await serveHouse(house);
    const wish = { ...WISH, to: { kind: 'addresses', ...to } };
    expect(await as(ada.customer.id, ['customer'])('POST', '/v1/withdrawals', wish)).toMatchObject({
      status: 422,
      body: { code },
    });
  });
});
