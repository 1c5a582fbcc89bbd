import { expect, it } from 'vitest';
import { tellStories } from './tell-stories.ts';

/** In parts, so that a busy machine does not run into the time limit of one test. */
const PARTS = Array.from({ length: 10 }, (_, index) => index + 1);

it.each(PARTS)('holds its promises in 10,000 more worlds, part %i of 10', async (part) => {
  const total = await tellStories(1_000_000 + (part - 1) * 1_000, 1_000);
  expect(total.crashes).toBeGreaterThan(500);
});
