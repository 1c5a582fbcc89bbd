import type { House } from '../../withdrawals/support/house.ts';
import { Story, type StoryReport } from './story.ts';

/** Tells the stories of these seeds at one institution, and adds up what happened. Names the seed that fails. */
export async function tellStories(
  house: House,
  first: number,
  count: number,
  commands: number,
): Promise<StoryReport> {
  const total: StoryReport = { commands: 0, paid: 0, transfers: 0, crashes: 0, reorgs: 0, ended: 0 };
  for (let seed = first; seed < first + count; seed++) {
    try {
      const report = await new Story(house, seed).tell(commands);
      for (const name of Object.keys(total) as (keyof StoryReport)[]) total[name] += report[name];
    } catch (cause) {
      throw new Error(`the story of seed ${seed} ended badly (TRILOCK_SEED=${seed} TRILOCK_SEEDS=1)`, {
        cause,
      });
    }
  }
  return total;
}
