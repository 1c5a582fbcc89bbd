import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one plain line: `tests: 12 passed, 0 failed, 1 skipped`. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'pending') counts[state]++;
      }
      // A file that could not be loaded, or whose hooks failed, ran none of its tests.
      if (!module.ok() && [...module.children.allTests('failed')].length === 0) counts.failed++;
    }
    const { passed, failed, skipped } = counts;
    process.stdout.write(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}
