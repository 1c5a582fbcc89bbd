import { expect, it } from 'vitest';
import { tellStories } from './tell-stories.ts';

/** A failing seed is replayed with LEDGER_SEED=<seed> LEDGER_SEEDS=1. */
const first = Number(process.env['LEDGER_SEED'] ?? 1);
const count = Number(process.env['LEDGER_SEEDS'] ?? 1_000);

it(
  `holds its promises in ${count} worlds of crashes, torn connections and lost answers`,
  { timeout: 900_000 },
  async () => {
    const total = await tellStories(first, count);
    if (count < 100) return;
    // The worlds are as bad as they are meant to be.
    expect(total.crashes).toBeGreaterThan(count / 2);
    expect(total.resubmitted).toBeGreaterThan(count / 10);
    expect(total.epochs).toBeGreaterThan(2 * count);
  },
);
