import { afterAll, beforeAll, expect, it } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { appendEvent, EVENT_STREAM, eventRoutes } from '../../src/events/index.ts';
import { httpErrorMap, type Principal } from '../../src/http/index.ts';
import { newId } from '../../src/shared/index.ts';
import { openScene, sealAll, type Scene } from '../audit/scene.ts';
import { serveApi } from '../http/support/serve.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  for (const step of [1, 2, 3]) {
    await inTransaction(scene.database, (tx) =>
      appendEvent(tx, { type: 'deposit.credited', subject: newId('deposit'), data: { step } }),
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
    ['1', { step: 1 }],
    ['2', { step: 2 }],
  ]);
  const second = (await (await get(`?after=${first.next}`)).json()) as EventPage;
  expect(second.events.map((one) => one.data)).toEqual([{ step: 3 }]);
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
