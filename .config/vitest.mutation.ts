import { defineConfig } from 'vitest/config';

/** The tests that need neither database, node nor process: what `npm run mutation` judges the pure files by. */
export default defineConfig({
  cacheDir: '.cache/vitest-mutation',
  test: {
    testTimeout: 120_000,
    include: [
      'test/approvals/{count-approvals,stored-intent}.test.ts',
      'test/freeze/restriction*.test.ts',
      'test/intents/*.test.ts',
      'test/policy/{compare-documents,document,evaluate,requirement,satisfiable}.test.ts',
      'test/withdrawals/withdrawal.test.ts',
    ],
  },
});
