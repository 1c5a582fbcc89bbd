import { expect, it } from 'vitest';
import { fuzzParsers } from './support/fuzz-parsers.ts';

/** A failing seed is replayed with TRILOCK_SEED=<seed> TRILOCK_SEEDS=1. */
const first = Number(process.env['TRILOCK_SEED'] ?? 1);
const count = Number(process.env['TRILOCK_SEEDS'] ?? 300);

it(`every parser answers ${count} spoilt documents, from seed ${first}, with a closed error or a reading`, async () => {
  const { cases, codes, kept } = await fuzzParsers(first, count);
  if (count < 100) return;
  // The documents are spoilt in many ways, and nothing of them is kept.
  expect(cases).toBeGreaterThan(20 * count);
  expect(codes.size).toBeGreaterThan(40);
  expect(kept).toBeLessThan(16 * 1024 * 1024);
});
