import fc from 'fast-check';
import { describe, it } from 'vitest';
import { checkAgainstModel } from './check-against-model.ts';
import { funds, randomBatches } from './random-batches.ts';

describe('the engine against a plain model, at length', () => {
  it('agrees over fifty thousand random histories', () => {
    fc.assert(fc.property(randomBatches, funds, fc.nat(8), checkAgainstModel), { numRuns: 50_000 });
  });
});
