import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedOf, SeededRandom } from '../support/random.ts';
import { RaceHouse } from './race-house.ts';
import { castOf, SCENES, type Cast, type Scene } from './race-scenes.ts';

/** One coin of the rich customer goes with each withdrawal that is paid. */
const COINS = 12;

/** Runs every race so many times, each with a seed of its own that replays it. */
export function useRaces(times: number): void {
  let race: RaceHouse;
  let cast: Cast;
  beforeAll(async () => {
    race = await RaceHouse.open();
    cast = await castOf(race, COINS);
  }, 600_000);
  afterAll(() => race.close());

  describe('races, in orders that a seed decides', () => {
    const base = seedOf('races', 'TRILOCK_RACE_SEED');

    it.each(Object.entries<Scene>(SCENES))(
      '%s',
      async (name, play) => {
        const traces = new Set<string>();
        const rounds = process.env['TRILOCK_RACE_SEED'] === undefined ? times : 1;
        for (let round = 0; round < rounds; round++) {
          const seed = base + round;
          try {
            traces.add((await play(race, cast, new SeededRandom(seed))).join());
          } catch (thrown) {
            const failures = race.failures.slice(-5).map(String);
            throw new Error(`replay with TRILOCK_RACE_SEED=${seed}; ${failures.join('; ')}`, {
              cause: thrown,
            });
          }
        }
        process.stdout.write(`${name}: ${rounds} rounds, ${traces.size} different interleavings\n`);
        expect(traces.size).toBeGreaterThan(0);
      },
      1_800_000,
    );
  });
}
