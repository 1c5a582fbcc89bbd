import { expect, it } from 'vitest';
import type { LogBatch } from '../../../src/ledger/store/log-store.ts';
import { MemoryDatabase } from './memory-store.ts';
import { Story } from './story.ts';

/** Acknowledges one batch in twenty without keeping it. */
class ForgetfulDatabase extends MemoryDatabase {
  #appends = 0;
  override append(batch: LogBatch): boolean {
    return ++this.#appends % 20 === 0 || super.append(batch);
  }
}

/** Lets whoever knows the last hash append, leader or not. */
class UnfencedDatabase extends MemoryDatabase {
  override append(batch: LogBatch): boolean {
    const { lease } = this;
    this.lease = { ...lease, epoch: batch.epoch };
    try {
      return super.append(batch);
    } finally {
      this.lease = lease;
    }
  }
}

/** Stores what it is sent at the end of the log, whatever stands before it. */
class UnchainedDatabase extends MemoryDatabase {
  override append(batch: LogBatch): boolean {
    this.batches.push(batch);
    return true;
  }
}

it.each([
  ['forgetful', ForgetfulDatabase],
  ['unfenced', UnfencedDatabase],
  ['unchained', UnchainedDatabase],
] as const)('the simulation notices a database that is %s', { timeout: 300_000 }, async (_name, Database) => {
  let noticed = 0;
  for (let seed = 1; seed <= 60 && noticed === 0; seed++) {
    await new Story(seed, new Database()).tell().catch(() => noticed++);
  }
  expect(noticed).toBe(1);
});
