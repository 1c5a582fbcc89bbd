import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compiled } from '../../../src/main/compile.mjs';
import { EVENT_STREAM, fanOut } from '../../../src/events/index.ts';
import { sealAll } from '../../audit/scene.ts';
import { startReceiver } from './receiver.ts';
import { WebhookScene } from './webhook-scene.ts';

const CLAIM_MS = 60_000;

let scene: WebhookScene;
beforeAll(async () => {
  scene = await WebhookScene.open();
});
afterAll(() => scene.close());

it('killed between sending and recording: sent again with the same id, after the claim has ended', async () => {
  await scene.serve();
  const receiver = await startReceiver();
  const ada = await scene.customer();
  const { id } = await scene.webhook(ada, receiver.url);
  const event = await scene.event(ada, 'once at least');
  await sealAll(scene.scene.database, EVENT_STREAM);
  await fanOut(scene.parts);
  const argument = JSON.stringify({
    config: scene.scene.server.app,
    claimMs: CLAIM_MS,
    nowMs: scene.clock.nowMs(),
  });
  const script = join(import.meta.dirname, 'killed-delivery-process.ts');
  const child = spawn(process.execPath, [await compiled(script), argument], { stdio: 'inherit' });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  expect(receiver.messages).toHaveLength(1);
  expect(await scene.deliver()).toBe(0);
  scene.clock.advance(CLAIM_MS);
  expect(await scene.deliver()).toBe(1);
  expect(receiver.messages.map(({ headers }) => headers['webhook-id'])).toEqual([event, event]);
  expect(receiver.messages[0]!.body).toBe(receiver.messages[1]!.body);
  const { body } = await scene.send(ada, 'GET', `/${id}/deliveries`);
  const [delivery] = body['items'] as { state: string; attempts: { number: number }[] }[];
  // The first attempt left no record, which is what its missing number says.
  expect(delivery).toMatchObject({ state: 'delivered', attempts: [{ number: 2 }] });
  await receiver.close();
});
