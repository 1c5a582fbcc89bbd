import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { CRASH_POINTS } from '../../src/shared/index.ts';
import { DEEDS, Life } from './support/life.ts';
import { roleOf, specialDeedFor } from './support/paths.ts';
import { seedOf, SeededRandom } from './support/random.ts';

const KILLS = Number(process.env['TRILOCK_KILLS'] ?? 200);
/** The whole world is compared after so many. */
const CHECK_EVERY = 10;
/** The pools have keys for more wallets than these. */
const OPENINGS = 15;
const LONG_MS = 12 * 3_600_000;

let life: Life;
beforeAll(async () => {
  life = await Life.begin();
}, LONG_MS);
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') process.stdout.write(`${await life.world.report()}\n`);
});
afterAll(() => life.end(), LONG_MS);

it(
  'an institution that is killed at random instants loses nothing and pays nothing twice',
  async () => {
    const random = new SeededRandom(seedOf('kills', 'TRILOCK_KILL_SEED'));
    const { household } = life.world;
    const points = CRASH_POINTS.filter((point) => roleOf(point) !== 'courier');
    let openings = 0;
    await life.fund();
    for (let kill = 1; kill <= KILLS; kill++) {
      const drawn = random.pick(points);
      const isOpening = specialDeedFor(drawn) === 'opening' && ++openings > OPENINGS;
      const point = isOpening ? 'deposit.seen' : drawn;
      const role = roleOf(point);
      if (role === 'courier') continue;
      await household.fate(role, [{ point, nth: 1 + random.below(3) }]);
      while (household.pending().length > 0) {
        await life.live(specialDeedFor(point) ?? random.pick(DEEDS), random);
      }
      if (kill % CHECK_EVERY === 0) expect(await life.findings()).toEqual([]);
    }
    expect(await life.findings()).toEqual([]);
    expect(household.unplanned).toEqual([]);
    expect(household.killed.length).toBeGreaterThanOrEqual(KILLS);
  },
  LONG_MS,
);
