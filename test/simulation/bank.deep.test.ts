import { afterAll, expect, it } from 'vitest';
import { House } from '../withdrawals/support/house.ts';
import { tellStories } from './support/tell-stories.ts';

const first = Number(process.env['TRILOCK_SEED'] ?? 10_000);
const count = Number(process.env['TRILOCK_SEEDS'] ?? 2_000);
/** An institution grows slower with every story that it has seen. */
const STORIES_PER_HOUSE = 50;

let house: House | undefined;
afterAll(() => house?.close());

it(
  `${count} long stories, from seed ${first}, go as the model says`,
  { timeout: 6 * 3_600_000 },
  async () => {
    let [paid, crashes] = [0, 0];
    for (let done = 0; done < count; done += STORIES_PER_HOUSE) {
      await house?.close();
      house = await House.open();
      const some = Math.min(STORIES_PER_HOUSE, count - done);
      const total = await tellStories(house, first + done, some, 30);
      paid += total.paid;
      crashes += total.crashes;
    }
    process.stdout.write(`stories: ${count}, withdrawals paid: ${paid}, crashes: ${crashes}\n`);
    expect(paid).toBeGreaterThan(count / 2);
  },
);
