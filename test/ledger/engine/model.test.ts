import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RESULT, type ResultName } from '../../../src/ledger/format/index.ts';
import { checkAgainstModel } from './check-against-model.ts';
import { funds, randomBatches } from './random-batches.ts';

describe('the engine against a plain model', () => {
  it('gives the same answers, sums, holds and bytes over random histories, and gives every answer there is', () => {
    const reached = new Set<ResultName>();
    fc.assert(
      fc.property(randomBatches, funds, fc.nat(8), (batches, fund, cut) => {
        for (const result of checkAgainstModel(batches, fund, cut)) reached.add(result);
      }),
      { numRuns: 2000 },
    );
    const unreached = (Object.keys(RESULT) as ResultName[]).filter((name) => !reached.has(name));
    expect(unreached).toEqual([]);
  });
});
