import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Life } from './support/life.ts';
import { seedOf, SeededRandom } from './support/random.ts';

const MINUTE_MS = 60_000;
/** Two cores may be shared with much else. */
const LONG_MS = 1_800_000;

const seed = seedOf('storage', 'TRILOCK_FAULT_SEED');
let life: Life;

beforeAll(async () => {
  life = await Life.begin();
  await life.fund();
}, LONG_MS);
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') process.stdout.write(`${await life.world.report()}\n`);
});
afterAll(() => life.end(), LONG_MS);

describe('an institution in true processes', () => {
  it(
    'loses its database under load, twice',
    async () => {
      const lived = life.liveFully(new SeededRandom(seed + 1));
      for (let restart = 0; restart < 2; restart++) {
        await sleep(1_000);
        await life.world.restartDatabase();
      }
      await lived;
      expect(await life.findings()).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'has clocks that jump forward and back',
    async () => {
      const { household } = life.world;
      const lived = life.liveFully(new SeededRandom(seed + 2));
      for (const minutes of [10, -10, 4, -60]) {
        await sleep(500);
        // Whoever asks keeps the right time; the others are ahead of it or behind.
        await household.setClocks(minutes * MINUTE_MS, ['worker', 'signer', 'ledger']);
      }
      await sleep(1_000);
      await household.setClocks(0);
      await lived;
      expect(await life.findings()).toEqual([]);
    },
    LONG_MS,
  );
});
