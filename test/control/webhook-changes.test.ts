import { afterAll, beforeAll, expect, test } from 'vitest';
import { settleWebhookChanges } from '../../src/control/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { makeCredentialPin, statementDigest, type Intent } from '../../src/intents/index.ts';
import {
  idToUuid,
  isoTime,
  newId,
  parseId,
  type CredentialId,
  type CustomerId,
} from '../../src/shared/index.ts';
import { addSigningCredential } from '../../src/wallets/index.ts';
import { newCustomer, type Answer, type Caller } from '../identity/support/bank.ts';
import { passkeySigner, type TestSigner } from '../fixtures/signing-keys.ts';
import { SOMEBODY } from '../withdrawals/support/house.ts';
import { ControlHouse } from './control-house.ts';

let house: ControlHouse;
beforeAll(async () => {
  house = await ControlHouse.open(undefined, { webhookApprovalSatoshis: 0n });
});
afterAll(() => house.close());

interface Owner {
  readonly id: CustomerId;
  readonly caller: Caller;
  readonly credential: CredentialId;
  readonly signer: TestSigner;
}

/** With a key that is pinned, as the worker writes it down when the signer has it. */
async function owner(): Promise<Owner> {
  const { caller, id } = await newCustomer(house.bank);
  const signer = passkeySigner();
  const credential = newId('credential');
  await pin(parseId('customer', id), credential, signer);
  return { caller, id: parseId('customer', id), credential, signer };
}

async function pin(customer: CustomerId, id: CredentialId, signer: TestSigner): Promise<void> {
  const { database, clock } = house.bank;
  const by = {
    ...{ id, publicKey: signer.publicKey },
    sign: (digest: Uint8Array) => Promise.resolve(signer.sign(digest)),
  };
  const made = await makeCredentialPin({ network: 'regtest', customer }, by, by, clock.nowMs());
  const parts = { clock, network: 'regtest' } as const;
  await inTransaction(database, (tx) =>
    addSigningCredential(tx, parts, customer, { pin: made, label: 'Phone' }, SOMEBODY),
  );
  await house.tamper(
    `UPDATE app.signing_credential SET pinned_at = now() WHERE credential_id = '${idToUuid(id)}'`,
  );
}

type Asked = { readonly intent: Intent; readonly hash: string };

async function endpoint({ caller }: Owner): Promise<string> {
  const made = await caller.send('POST', '/v1/webhooks', { url: 'https://shop.example/hook' });
  const webhook = made.body['webhook'] as { id: string; enabled: boolean; disabledReason: string };
  expect(webhook).toMatchObject({ enabled: false, disabledReason: 'unapproved' });
  return webhook.id;
}

async function ask({ caller }: Owner, webhook: string, url = 'https://shop.example/hook'): Promise<Asked> {
  const asked = await caller.send('POST', `/v1/webhooks/${webhook}/changes`, { url, reason: 'A server.' });
  expect(asked.status).toBe(201);
  return asked.body as unknown as Asked;
}

async function sign({ caller, credential, signer }: Owner, { intent, hash }: Asked): Promise<Answer> {
  const statement = {
    ...({ purpose: 'request', intentHash: hash, credential } as const),
    signedAt: isoTime(house.bank.clock.nowMs()),
  };
  const body = { statement, signature: signer.sign(statementDigest(statement)) };
  return await caller.send('POST', `/v1/webhook-changes/${intent.id}/request-signature`, body);
}

async function settle(): Promise<number> {
  return await settleWebhookChanges({ ...house.parts, hash: house.bank.seals, allowLoopback: false });
}

async function place({ caller }: Owner, webhook: string) {
  const { url, enabled } = (await caller.send('GET', `/v1/webhooks/${webhook}`)).body;
  return { url, enabled };
}

test('messages go where the customer has signed and others have approved, and the customer is told', async () => {
  const ada = await owner();
  const webhook = await endpoint(ada);
  const asked = await ask(ada, webhook);
  expect((await sign(ada, asked)).body['state']).toBe('open');
  await house.judge(asked, 0);
  expect(await settle()).toBe(1);
  expect(await place(ada, webhook)).toEqual({ url: 'https://shop.example/hook', enabled: true });
  const found = await ada.caller.send('GET', `/v1/webhook-changes/${asked.intent.id}`);
  expect(found.body['state']).toBe('executed');
  const told = await house.bank.database.outboxEvent.findMany({ where: { type: 'webhook.changed' } });
  expect(told.map(({ customer: whom }) => whom)).toEqual([ada.id]);
});

test('a stolen session moves nothing: not at once, not unsigned, not with a key of the thief', async () => {
  const ada = await owner();
  const webhook = await endpoint(ada);
  const { headers } = await ada.caller.send('GET', `/v1/webhooks/${webhook}`);
  const etag = { 'if-match': headers.get('etag') ?? '' };
  for (const change of [{ url: 'https://thief.example/' }, { enabled: true }]) {
    const moved = await ada.caller.send('PATCH', `/v1/webhooks/${webhook}`, change, etag);
    expect(moved.body['code']).toBe('webhook_needs_approval');
  }
  const asked = await ask(ada, webhook, 'https://thief.example/');
  expect((await house.judge(asked, 0)).body['code']).toBe('queued_intent_not_signed');
  const forged = await sign({ ...ada, signer: passkeySigner() }, asked);
  expect(forged.body['code']).toBe('signature_wrong');
  const stranger = await sign({ ...ada, credential: newId('credential') }, asked);
  expect(stranger.body['code']).toBe('request_not_signed_by_customer');
  expect(await house.alerts(asked.intent.id)).toEqual(['signature_wrong', 'request_not_signed_by_customer']);
  const foreign = await owner();
  expect((await sign(foreign, asked)).body['code']).toBe('queued_intent_unknown');
  expect(await settle()).toBe(0);
  expect(await place(ada, webhook)).toEqual({ url: 'https://shop.example/hook', enabled: false });
});

test('a row that calls it approved moves nothing, nor does an approval of an older state or one taken back', async () => {
  const ada = await owner();
  const webhook = await endpoint(ada);
  const forged = await ask(ada, webhook, 'https://thief.example/');
  await sign(ada, forged);
  const uuid = idToUuid(parseId('intent', forged.intent.id));
  await house.tamper(`UPDATE app.queued_intent SET state = 'approved' WHERE id = '${uuid}'`);
  expect(await settle()).toBe(1);
  expect(await house.alerts(forged.intent.id)).toEqual(['approvals_insufficient']);
  const [first, second] = [await ask(ada, webhook), await ask(ada, webhook, 'https://shop.example/other')];
  for (const asked of [first, second]) {
    await sign(ada, asked);
    await house.judge(asked, 1);
  }
  expect(await settle()).toBe(2);
  expect(await place(ada, webhook)).toEqual({ url: 'https://shop.example/hook', enabled: true });
  expect(await house.state(second.intent)).toBe('rejected');
  const third = await ask(ada, webhook, 'https://shop.example/third');
  await sign(ada, third);
  const cancelled = await ada.caller.send('POST', `/v1/webhook-changes/${third.intent.id}/cancel`);
  expect(cancelled.body['state']).toBe('cancelled');
  expect((await house.judge(third, 1)).body['code']).toBe('queued_intent_settled');
});
