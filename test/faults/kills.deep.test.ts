import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { CRASH_POINTS, type CrashPoint } from '../../src/shared/index.ts';
import { Life } from './support/life.ts';
import { roleOf, SPECIAL, specialDeedFor, type SpecialDeed } from './support/paths.ts';
import { seedOf, SeededRandom } from './support/random.ts';

const KILLS = Number(process.env['TRILOCK_KILLS'] ?? 200);
const ROLES = ['api', 'worker', 'ledger', 'signer', 'witness'] as const;
/** Each process dies up to so often in a round of everyday life, and during a rarer deed. */
const DEATHS = 5;
const RARE_DEATHS = 2;
/** The pools have keys for no more wallets than these. */
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

const EVERYDAY = CRASH_POINTS.filter((point) => specialDeedFor(point) === undefined);

/** Every process is to die at some of these points, at the first or second time that it passes one. */
async function sentence(points: readonly CrashPoint[], deaths: number, random: SeededRandom): Promise<void> {
  for (const role of ROLES) {
    const own = points.filter((point) => roleOf(point) === role);
    if (own.length === 0) continue;
    const fates = Array.from({ length: 1 + random.below(deaths) }, () => random.pick(own));
    await life.world.household.fate(
      role,
      fates.map((point) => ({ point, nth: 1 + random.below(2) })),
    );
  }
}

async function untilDead(live: () => Promise<void>): Promise<void> {
  const { household } = life.world;
  while (household.pending().length > 0) await live();
  await household.allReady();
}

it(
  'an institution that is killed at random instants loses nothing and pays nothing twice',
  async () => {
    const random = new SeededRandom(seedOf('kills', 'TRILOCK_KILL_SEED'));
    const { household } = life.world;
    let openings = 0;
    await life.fund();
    while (household.killed.length < KILLS) {
      await sentence(EVERYDAY, DEATHS, random);
      await untilDead(() => life.liveFully(random));
      const deed = random.pick<SpecialDeed>(['opening', 'batched', 'frozen']);
      if (deed !== 'opening' || openings < OPENINGS - 4) {
        await sentence(SPECIAL[deed], RARE_DEATHS, random);
        await untilDead(() => {
          if (deed === 'opening') openings += 1;
          return life.live(deed, random);
        });
      }
      expect(await life.findings()).toEqual([]);
      process.stdout.write(`killed ${household.killed.length} times\n`);
    }
    expect(household.unplanned).toEqual([]);
  },
  LONG_MS,
);
