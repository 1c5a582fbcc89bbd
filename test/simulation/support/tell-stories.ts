import { runAsSuperuser } from '../../ledger/ledger-database.ts';
import type { House } from '../../withdrawals/support/house.ts';
import { NOTHING_YET, Story, type StoryReport } from './story.ts';

/** Tells the stories of these seeds at one institution, and adds up what happened. Names the seed that fails. */
export async function tellStories(
  house: House,
  first: number,
  count: number,
  commands: number,
): Promise<StoryReport> {
  const total: StoryReport = { ...NOTHING_YET };
  for (let seed = first; seed < first + count; seed++) {
    try {
      const report = await new Story(house, seed).tell(commands);
      for (const name of Object.keys(total) as (keyof StoryReport)[]) total[name] += report[name];
      await forgetPaid(house);
    } catch (cause) {
      throw new Error(`the story of seed ${seed} ended badly (TRILOCK_SEED=${seed} TRILOCK_SEEDS=1)`, {
        cause,
      });
    }
  }
  return total;
}

/** What is paid is looked at until it is deep in the chain; the next story need not wait for that. */
async function forgetPaid({ chain }: House): Promise<void> {
  await runAsSuperuser(
    chain.house.scene.database,
    `UPDATE app.withdrawal SET look_at = NULL WHERE state = 'confirmed'`,
  );
}
