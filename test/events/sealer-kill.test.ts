import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compiled } from '../../src/main/compile.mjs';
import { inTransaction, verifyChain } from '../../src/database/index.ts';
import { EVENT_STREAM, readEvents } from '../../src/events/index.ts';
import { connect, postgresUrl } from '../../src/postgres/index.ts';
import { openScene, sealAll, type Scene } from '../audit/scene.ts';
import { appendSteps, stepOf } from './append-steps.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

async function startSealer(): Promise<ChildProcess> {
  const script = new URL('./sealer-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [await compiled(script)], {
    env: { ...process.env, DATABASE: postgresUrl(scene.server.app) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Makes each step of sealing slow, by a trigger on the seals, so that the kill falls between two of them. */
async function slowSealsDown(): Promise<void> {
  const client = await connect(scene.server.superuser);
  await client.query(`
    CREATE FUNCTION app.slowly() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(0.002); RETURN NULL; END $$;
    CREATE TRIGGER slowly AFTER INSERT ON app.outbox_seal FOR EACH ROW EXECUTE FUNCTION app.slowly();
    GRANT EXECUTE ON FUNCTION app.slowly() TO PUBLIC`);
  await client.end();
}

it('a sealer killed between any two steps loses nothing, seals nothing twice and blocks no successor', async () => {
  await slowSealsDown();
  let step = 0;
  for (const delayMs of [0, 15, 60, 150, 300]) {
    const steps = Array.from({ length: 80 }, () => step++);
    await appendSteps(scene.database, 1, steps, { holdMs: 0, abort: false });
    const child = await startSealer();
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await kill(child);
    const report = await verifyChain(scene.database, EVENT_STREAM);
    expect(report).toMatchObject({ intact: true });
  }
  // The server may take a moment to notice that a killed sealer's connection is gone.
  await expect
    .poll(
      async () => {
        await sealAll(scene.database, EVENT_STREAM);
        return inTransaction(scene.database, (tx) => tx.unsealedEntry.count());
      },
      { timeout: 30_000 },
    )
    .toBe(0);
  const events = await readEvents(scene.database, 0n, 1000);
  expect(events.map((one) => stepOf(one).step)).toEqual(Array.from({ length: step }, (_, index) => index));
  expect(await verifyChain(scene.database, EVENT_STREAM)).toMatchObject({
    intact: true,
    head: { position: BigInt(step) },
    unsealed: 0n,
  });
});
