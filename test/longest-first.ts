import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long by themselves: started last, one of them would run alone while other cores wait. */
const LONG = [
  'test/faults/kill-matrix.test.ts',
  'test/simulation/bank.test.ts',
  'test/main/sandbox.test.ts',
  'test/faults/races.test.ts',
  'test/journeys/demo.test.ts',
];

function rank({ moduleId }: TestSpecification): number {
  const index = LONG.findIndex((name) => moduleId.endsWith(name));
  return index === -1 ? LONG.length : index;
}

/** The order of the test files: the long ones, then as Vitest sees fit. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((one, other) => rank(one) - rank(other));
  }
}
