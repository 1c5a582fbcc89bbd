import fc from 'fast-check';
import { describe, it } from 'vitest';
import { checkAgainstModel } from './check-against-model.ts';
import { funds, randomBatches } from './random-batches.ts';

describe('the engine against a plain model', () => {
  it('gives the same answers, sums, holds and bytes over random histories, also after replay and restore', () => {
    fc.assert(fc.property(randomBatches, funds, fc.nat(8), checkAgainstModel), { numRuns: 1500 });
  });
});
