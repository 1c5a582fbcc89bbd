import { expect, it } from 'vitest';
import { tellStories } from './tell-stories.ts';

it('holds its promises in 10,000 more worlds', async () => {
  const total = await tellStories(1_000_000, 10_000);
  expect(total.crashes).toBeGreaterThan(5_000);
});
