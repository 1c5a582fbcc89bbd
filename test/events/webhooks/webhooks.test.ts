import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { fanOut, verifyWebhook } from '../../../src/events/index.ts';
import { idToUuid, newId } from '../../../src/shared/index.ts';
import { startReceiver, status, type Receiver } from './receiver.ts';
import { WebhookScene } from './webhook-scene.ts';

const DAY_MS = 86_400_000;

let scene: WebhookScene;
let receiver: Receiver;
beforeAll(async () => {
  scene = await WebhookScene.open();
});
afterAll(() => scene.close());
beforeEach(async () => {
  await scene.serve();
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  // What a test leaves behind is no business of the next.
  await scene.scene.database.webhookEndpoint.updateMany({
    data: { state: 'deleted', secretSealed: null, previousSealed: null, previousUntil: null },
  });
});

const notes = (): unknown[] => receiver.messages.map(({ body }) => bodyOf(body).data['obstacle']);
function bodyOf(text: string) {
  return JSON.parse(text) as { type: string; id: string; data: Record<string, unknown> };
}

it('tells a customer of what concerns them and an integrator of everything, signed, once', async () => {
  const [ada, bob, system] = [await scene.customer(), await scene.customer(), await scene.integrator()];
  await scene.event(ada, 'before there was a webhook');
  await scene.deliver();
  const own = await scene.webhook(ada, receiver.url);
  await scene.webhook(system, `${receiver.url}?all`);
  const id = await scene.event(ada, 'ada');
  await scene.event(bob, 'bob');
  await scene.event(null, 'institution');
  expect(await scene.deliver()).toBe(4);
  expect(await scene.deliver()).toBe(0);
  const [toAda, ...others] = receiver.messages.filter(({ path }) => path === '/hook');
  expect(others).toEqual([]);
  expect(toAda!.headers['webhook-id']).toBe(id);
  expect(bodyOf(toAda!.body)).toMatchObject({ id, type: 'wallet.failed', data: { obstacle: 'ada' } });
  expect(verifyWebhook(own.secret, toAda!, scene.clock.nowMs())).toBeNull();
  const toSystem = receiver.messages.filter(({ path }) => path === '/hook?all');
  expect(toSystem.map(({ body }) => bodyOf(body).data['obstacle'])).toEqual(['ada', 'bob', 'institution']);
  const audit = await scene.scene.database.auditEntry.findMany({ where: { entity: own.id } });
  expect(audit.map(({ action, actor }) => [action, actor])).toEqual([['webhook.create', `customer:${ada}`]]);
});

it('sends the types that were asked for, and a test to the one endpoint', async () => {
  const ada = await scene.customer();
  const { id } = await scene.webhook(ada, `${receiver.url}?filtered`, ['withdrawal.confirmed']);
  await scene.webhook(ada, `${receiver.url}?other`);
  await scene.event(ada, 'a deposit');
  expect((await scene.send(ada, 'POST', `/${id}/test`)).status).toBe(202);
  expect(await scene.deliver()).toBe(2);
  expect(receiver.messages.map(({ path, body }) => [path, bodyOf(body).type]).sort()).toEqual([
    ['/hook?filtered', 'webhook.test'],
    ['/hook?other', 'wallet.failed'],
  ]);
});

it.each([301, 302, 307, 400, 404, 429, 500, 503])(
  'an answer of %i is tried again by the schedule, with the same id and body, until it is accepted',
  async (code) => {
    const ada = await scene.customer();
    const { id, secret } = await scene.webhook(ada, receiver.url);
    receiver.answer = status(code, { location: 'http://169.254.169.254/' });
    await scene.event(ada, 'important');
    expect(await scene.deliver()).toBe(1);
    expect(await scene.deliver()).toBe(0);
    scene.clock.advance(5_000);
    expect(await scene.deliver()).toBe(1);
    scene.clock.advance(299_000);
    expect(await scene.deliver()).toBe(0);
    receiver.answer = status(200);
    scene.clock.advance(1_000);
    expect(await scene.deliver()).toBe(1);
    expect(new Set(receiver.messages.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(receiver.messages.map(({ body }) => body)).size).toBe(1);
    expect(verifyWebhook(secret, receiver.messages[2]!, scene.clock.nowMs())).toBeNull();
    // Each attempt is signed at its own time: an old one, sent again by somebody else, is refused.
    expect(verifyWebhook(secret, receiver.messages[0]!, scene.clock.nowMs())).toBe('timestamp_off');
    const { body } = await scene.send(ada, 'GET', `/${id}/deliveries`);
    const [delivery] = body['items'] as { state: string; attempts: { status: number; response: string }[] }[];
    expect(delivery!.state).toBe('delivered');
    expect(delivery!.attempts.map((one) => [one.status, one.response])).toEqual([
      [200, 'so it is'],
      [code, 'so it is'],
      [code, 'so it is'],
    ]);
  },
);

it('gives up after the last try of the schedule; a redelivery begins it again', async () => {
  const ada = await scene.customer();
  const { id } = await scene.webhook(ada, receiver.url);
  receiver.answer = status(500);
  const event = await scene.event(ada, 'stubborn');
  for (let tries = 0; tries < 10; tries += 1) {
    expect(await scene.deliver()).toBe(1);
    scene.clock.advance(DAY_MS);
    // Other news gets through, so the endpoint as a whole is not given up.
    await scene.scene.database.webhookEndpoint.updateMany({ data: { failingSince: null } });
  }
  expect(await scene.deliver()).toBe(0);
  const { body } = await scene.send(ada, 'GET', `/${id}/deliveries`);
  const [delivery] = body['items'] as { id: string; state: string; eventId: string }[];
  expect(delivery).toMatchObject({ state: 'failed', eventId: event });
  receiver.answer = status(204);
  expect((await scene.send(ada, 'POST', `/${id}/deliveries/${delivery!.id}/redeliver`)).status).toBe(202);
  expect((await scene.send(ada, 'POST', `/${id}/deliveries/${delivery!.id}/redeliver`)).status).toBe(409);
  expect(await scene.deliver()).toBe(1);
  expect(receiver.messages.at(-1)!.headers['webhook-id']).toBe(event);
});

it('410 ends the webhook at once, five days of failure end it too; each is told', async () => {
  const ada = await scene.customer();
  await scene.webhook(ada, receiver.url);
  const other = await startReceiver();
  await scene.webhook(ada, other.url, ['webhook.disabled']);
  receiver.answer = status(410);
  await scene.event(ada, 'gone');
  await scene.deliver();
  // That it is disabled is an event of its own.
  await scene.deliver();
  expect(bodyOf(other.messages[0]!.body).data).toEqual({ reason: 'gone', failingSince: null });
  receiver.answer = status(500);
  const failing = await scene.webhook(ada, `${receiver.url}?failing`);
  for (let day = 0; day <= 5; day += 1) {
    await scene.event(ada, `day ${day}`);
    await scene.deliver();
    scene.clock.advance(DAY_MS);
  }
  await scene.deliver();
  expect(other.messages.map(({ body }) => bodyOf(body).data['reason'])).toEqual(['gone', 'failing']);
  const { body } = await scene.send(ada, 'GET', `/${failing.id}`);
  expect(body).toMatchObject({ enabled: false, disabledReason: 'failing' });
  const seen = receiver.messages.length;
  await scene.event(ada, 'while disabled');
  await scene.deliver();
  expect(receiver.messages).toHaveLength(seen);
  await other.close();
});

it('while a secret is replaced both sign; a day later the new one alone', async () => {
  const ada = await scene.customer();
  const { id, secret } = await scene.webhook(ada, receiver.url);
  const { body } = await scene.send(ada, 'POST', `/${id}/rotate-secret`);
  const next = body['secret'] as string;
  expect(next).not.toBe(secret);
  const check = async (): Promise<unknown[]> => {
    await scene.event(ada, 'signed');
    await scene.deliver();
    const message = receiver.messages.at(-1)!;
    return [secret, next].map((one) => verifyWebhook(one, message, scene.clock.nowMs()));
  };
  expect(await check()).toEqual([null, null]);
  scene.clock.advance(DAY_MS + 1);
  expect(await check()).toEqual(['signature_wrong', null]);
});

it('shows a secret once, and keeps it out of logs, audit, answers and the clear', async () => {
  const ada = await scene.customer();
  const key = randomUUID();
  const create = () => scene.send(ada, 'POST', '', { url: receiver.url }, { 'idempotency-key': key });
  const first = await create();
  const secret = first.body['secret'] as string;
  expect(secret).toMatch(/^whsec_/);
  expect((await create()).body).toEqual({ ...first.body, secret: null });
  const { id } = first.body['webhook'] as { id: string };
  expect(JSON.stringify((await scene.send(ada, 'GET', `/${id}`)).body)).not.toContain('secret');
  await scene.event(ada, 'something');
  await scene.deliver();
  const [endpoint] = await scene.scene.database.webhookEndpoint.findMany({ where: { state: 'enabled' } });
  const stored = Buffer.from(endpoint!.secretSealed!);
  const bytes = Buffer.from(secret.slice('whsec_'.length), 'base64');
  expect(stored.includes(bytes)).toBe(false);
  const audit = await scene.scene.database.auditEntry.findMany();
  const keys = await scene.scene.database.idempotencyKey.findMany();
  const everything = [
    ...scene.logLines,
    ...audit.map(({ content }) => content),
    ...keys.map((one) => one.body),
  ];
  expect(everything.join('\n')).not.toContain(secret.slice('whsec_'.length));
  // Moved to another row, it does not open there.
  const other = await scene.webhook(ada, `${receiver.url}?other`);
  await scene.scene.database.webhookEndpoint.updateMany({
    where: { id: idToUuid(other.id) },
    data: { secretSealed: endpoint!.secretSealed },
  });
  await scene.event(ada, 'never');
  await expect(scene.deliver()).rejects.toThrow('sealed secret');
});

it('those of others are not there', async () => {
  const [ada, eve, system] = [await scene.customer(), await scene.customer(), await scene.integrator()];
  const { id } = await scene.webhook(ada, receiver.url);
  await scene.event(ada, 'private');
  await scene.deliver();
  const mine = await scene.send(ada, 'GET', `/${id}/deliveries`);
  const delivery = (mine.body['items'] as { id: string }[])[0]!.id;
  for (const who of [eve, system]) {
    const answers = [
      await scene.send(who, 'GET', `/${id}`),
      await scene.send(who, 'GET', `/${id}/deliveries`),
      await scene.send(who, 'PATCH', `/${id}`, { url: 'http://127.0.0.1/' }, { 'if-match': '"v1"' }),
      await scene.send(who, 'DELETE', `/${id}`),
      await scene.send(who, 'POST', `/${id}/test`),
      await scene.send(who, 'POST', `/${id}/rotate-secret`),
      await scene.send(who, 'POST', `/${id}/deliveries/${delivery}/redeliver`),
    ];
    expect(answers.map((one) => [one.status, one.body['code']])).toEqual(
      answers.map(() => [404, 'webhook_unknown']),
    );
    expect((await scene.send(who, 'GET')).body).toEqual({ items: [] });
  }
  const own = await scene.webhook(eve, `${receiver.url}?eve`);
  const carried = await scene.send(eve, 'POST', `/${own.id}/deliveries/${delivery}/redeliver`);
  expect(carried.body['code']).toBe('delivery_unknown');
});

it('can be changed, switched off and on, and deleted', async () => {
  const ada = await scene.customer();
  const { id } = await scene.webhook(ada, receiver.url);
  const patch = (body: unknown, version: number) =>
    scene.send(ada, 'PATCH', `/${id}`, body, { 'if-match': `"v${version}"` });
  expect((await patch({ url: 'http://10.0.0.1/' }, 1)).body['code']).toBe('webhook_url_refused');
  expect((await patch({ enabled: false, description: 'Off' }, 1)).body).toMatchObject({
    enabled: false,
    disabledReason: 'owner',
    version: 2,
  });
  expect((await patch({ enabled: true }, 1)).status).toBe(412);
  await scene.event(ada, 'while off');
  expect(await scene.deliver()).toBe(0);
  expect((await scene.send(ada, 'POST', `/${id}/test`)).body['code']).toBe('webhook_disabled');
  expect((await patch({ enabled: true }, 2)).body).toMatchObject({ enabled: true, disabledReason: null });
  await scene.event(ada, 'while on');
  expect(await scene.deliver()).toBe(1);
  expect(notes()).toEqual(['while on']);
  expect((await scene.send(ada, 'DELETE', `/${id}`)).status).toBe(204);
  expect((await scene.send(ada, 'GET', `/${id}`)).status).toBe(404);
  await scene.event(ada, 'after');
  expect(await scene.deliver()).toBe(0);
});

it('ten at most, however many are asked for at once', async () => {
  const ada = await scene.customer();
  const answers = await Promise.all(
    Array.from({ length: 14 }, () => scene.send(ada, 'POST', '', { url: receiver.url })),
  );
  expect(answers.filter((one) => one.status === 201)).toHaveLength(10);
  expect(answers.filter((one) => one.body['code'] === 'webhook_limit_reached')).toHaveLength(4);
});

it('an event that was changed or moved in the database is told to nobody', async () => {
  const [ada, eve] = [await scene.customer(), await scene.customer()];
  await scene.webhook(eve, receiver.url);
  const id = await scene.event(ada, 'private');
  await scene.scene.database.$queryRaw`SELECT app.seal_entries('events', 500)`;
  await scene.scene.tamper(`ALTER TABLE outbox_event DROP CONSTRAINT outbox_event_customer;
    UPDATE outbox_event SET customer = '${eve}' WHERE id = '${idToUuid(id)}'`);
  expect(await scene.deliver()).toBe(0);
  await scene.scene.tamper(`UPDATE outbox_event SET customer = '${ada}' WHERE id = '${idToUuid(id)}'`);
  // A delivery that somebody made by hand.
  const [endpoint] = await scene.scene.database.webhookEndpoint.findMany({ where: { state: 'enabled' } });
  const now = new Date(scene.clock.nowMs());
  const forged = await scene.scene.database.webhookDelivery.create({
    data: {
      id: idToUuid(newId('delivery')),
      endpointId: endpoint!.id,
      eventId: idToUuid(id),
      state: 'pending',
      nextAttemptAt: now,
      createdAt: now,
    },
  });
  await expect(scene.deliver()).rejects.toThrow('one customer of another');
  expect(receiver.messages).toEqual([]);
  await scene.scene.tamper(`DELETE FROM webhook_delivery WHERE id = '${forged.id}'`);
});

it('two processes make each delivery once, and attempt it once', async () => {
  const ada = await scene.customer();
  await scene.webhook(ada, receiver.url);
  for (let step = 0; step < 12; step += 1) await scene.event(ada, `${step}`);
  await scene.scene.database.$queryRaw`SELECT app.seal_entries('events', 500)`;
  await Promise.all([fanOut(scene.parts), fanOut(scene.parts), fanOut(scene.parts)]);
  const attempts = await Promise.all([1, 2, 3, 4].map(() => scene.deliver()));
  expect(attempts.reduce((sum, count) => sum + count) + (await scene.deliver())).toBe(12);
  expect(new Set(notes()).size).toBe(12);
  expect(receiver.messages).toHaveLength(12);
});
