import { Story, type StoryReport } from './story.ts';

/** Tells the stories of these seeds, one after the other, and adds up what happened. Names the seed that fails. */
export async function tellStories(first: number, count: number): Promise<StoryReport> {
  const total = { batches: 0, epochs: 0, crashes: 0, answered: 0, resubmitted: 0 };
  for (let seed = first; seed < first + count; seed++) {
    try {
      const report = await new Story(seed).tell();
      for (const name of Object.keys(total) as (keyof StoryReport)[]) total[name] += report[name];
    } catch (error) {
      throw new Error(`the story of seed ${seed} ended badly`, { cause: error });
    }
  }
  return total;
}
