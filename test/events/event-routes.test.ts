import { afterAll, beforeAll, expect, it } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { appendEvent, EVENT_STREAM, eventRoutes } from '../../src/events/index.ts';
import { httpErrorMap, type Principal } from '../../src/http/index.ts';
import { newId, type CustomerId } from '../../src/shared/index.ts';
import { openScene, sealAll, type Scene } from '../audit/scene.ts';
import { serveApi } from '../http/support/serve.ts';
import { sampleEvent } from './sample-event.ts';

const ada = newId('customer');
const bob = newId('customer');
let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  for (const step of [1, 2, 3]) {
    await inTransaction(scene.database, (tx) =>
      appendEvent(tx, sampleEvent(`step ${step}`, step === 2 ? ada : null)),
    );
  }
  await sealAll(scene.database, EVENT_STREAM);
});
afterAll(() => scene.close());

const integrator = (scopes: readonly 'events:read'[]): Principal => ({
  kind: 'integrator',
  id: 'itg_1',
  roles: ['integrator'],
  proof: { kind: 'api_key', keyId: 'key_1', scopes },
});

const customer = (id: CustomerId): Principal => ({
  kind: 'customer',
  id,
  roles: ['customer'],
  proof: { kind: 'api_key', keyId: 'key_2', scopes: ['events:read'] },
});

async function serve(who: Principal | null) {
  const { url } = await serveApi({
    operations: eventRoutes(scene.database),
    errorMap: { ...httpErrorMap, events_damaged: { status: 500, title: 'The stored events are damaged' } },
    authenticator: { fromSessionToken: () => Promise.resolve(null), fromApiKey: () => Promise.resolve(who) },
  });
  return (query: string) => fetch(`${url}/v1/events${query}`, { headers: { authorization: 'Bearer key' } });
}

interface EventPage {
  readonly events: { readonly position: string; readonly data: unknown }[];
  readonly next: string;
}

it('gives the events after a position in order, and where to go on', async () => {
  const get = await serve(integrator(['events:read']));
  const first = (await (await get('?limit=2')).json()) as EventPage;
  expect(first.events.map((one) => [one.position, one.data])).toEqual([
    ['1', { obstacle: 'step 1' }],
    ['2', { obstacle: 'step 2' }],
  ]);
  const second = (await (await get(`?after=${first.next}`)).json()) as EventPage;
  expect(second.events.map((one) => one.data)).toEqual([{ obstacle: 'step 3' }]);
  expect(await (await get(`?after=${second.next}`)).json()).toEqual({ events: [], next: '3' });
});

it.each([
  '?after=-1',
  '?after=01',
  '?after=1.5',
  '?after=9223372036854775808',
  '?limit=0',
  '?limit=501',
  '?limit=x',
])('refuses %s', async (query) => {
  const get = await serve(integrator(['events:read']));
  expect((await get(query)).status).toBe(422);
});

it('a position beyond all events is an empty page', async () => {
  const get = await serve(integrator(['events:read']));
  expect(await (await get('?after=9223372036854775807')).json()).toEqual({
    events: [],
    next: '9223372036854775807',
  });
});

it('is closed to keys without the scope and to strangers', async () => {
  expect((await (await serve(integrator([])))('')).status).toBe(403);
  expect((await (await serve(null))('')).status).toBe(401);
});

it('shows a customer what concerns them, and of others not even the count', async () => {
  const own = (await (await (await serve(customer(ada)))('')).json()) as EventPage;
  expect(own.events.map((one) => one.data)).toEqual([{ obstacle: 'step 2' }]);
  expect(await (await (await serve(customer(bob)))('')).json()).toEqual({ events: [], next: '0' });
});

it('shows nobody an event whose column was moved to another customer', async () => {
  const moved = newId('customer');
  await scene.tamper(`ALTER TABLE outbox_event DROP CONSTRAINT outbox_event_customer;
    UPDATE outbox_event SET customer = '${moved}' WHERE customer = '${ada}'`);
  expect((await (await serve(customer(moved)))('')).status).toBe(500);
  await scene.tamper(`UPDATE outbox_event SET customer = '${ada}' WHERE customer = '${moved}'`);
});
