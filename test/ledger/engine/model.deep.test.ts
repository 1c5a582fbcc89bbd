import fc from 'fast-check';
import { describe, it } from 'vitest';
import { checkAgainstModel } from './check-against-model.ts';
import { funds, randomBatches } from './random-batches.ts';

/** In parts, so that a busy machine does not run into the time limit of one test. */
const PARTS = Array.from({ length: 10 }, (_, index) => index + 1);

describe('the engine against a plain model, at length', () => {
  it.each(PARTS)('agrees over fifty thousand random histories, part %i of 10', () => {
    fc.assert(fc.property(randomBatches, funds, fc.nat(8), checkAgainstModel), { numRuns: 5_000 });
  });
});
