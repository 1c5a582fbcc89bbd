import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './longest-first.ts';
import { SummaryReporter } from './summary-reporter.ts';

/** `*.test.ts` run in `npm test`; `*.deep.test.ts` only in `npm run test:deep`, which sets TRILOCK_TEST_TIER. */
const deep = process.env['TRILOCK_TEST_TIER'] === 'deep';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  cacheDir: '.cache/vitest',
  test: {
    include: deep ? ['test/**/*.deep.test.ts'] : ['test/**/*.test.ts'],
    exclude: deep ? [] : ['test/**/*.deep.test.ts'],
    testTimeout: deep ? 1_800_000 : 120_000,
    hookTimeout: 120_000,
    globalSetup: ['test/postgres/global-setup.ts'],
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    // Many files wait for processes, nodes and clocks more than they compute.
    maxWorkers: Math.max(3, availableParallelism()),
    reporters: ['default', new SummaryReporter()],
  },
});
