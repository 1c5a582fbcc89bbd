import { LedgerError } from '../errors.ts';
import type { Engine } from '../engine/index.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Writer } from './writer.ts';

export interface StrongReadsContext {
  readonly store: LogStore;
  readonly engine: Engine;
  readonly writer: Writer;
  readonly epoch: number;
}

export interface Reading<T> {
  readonly value: T;
  /** The last batch that the value reflects. */
  readonly sequence: number;
}

/**
 * Reads that are never stale and never of something uncommitted: a value is handed out only after the commit
 * of everything it reflects, and after the lease has been seen, later than the value was taken, to be still
 * ours. One look at the lease serves everybody who is waiting for one.
 */
export class StrongReads {
  readonly #context: StrongReadsContext;
  #running: Promise<boolean> | undefined;
  #following: Promise<boolean> | undefined;

  constructor(context: StrongReadsContext) {
    this.#context = context;
  }

  /** @throws LedgerError `ledger_not_leader`, and what `take` throws. */
  async read<T>(take: () => T | Promise<T>): Promise<Reading<T>> {
    const { engine, writer } = this.#context;
    const { sequence } = engine;
    const value = await take();
    if (!(await writer.committed(sequence)) || !(await this.#confirmed())) {
      throw new LedgerError('ledger_not_leader', 'This ledger process does not lead any more.', {
        retryable: true,
      });
    }
    return { value, sequence };
  }

  /** A look at the lease that begins after this call. */
  #confirmed(): Promise<boolean> {
    if (this.#running === undefined) return (this.#running = this.#look());
    this.#following ??= this.#running.then(
      () => this.#startFollowing(),
      () => this.#startFollowing(),
    );
    return this.#following;
  }

  #startFollowing(): Promise<boolean> {
    this.#following = undefined;
    return (this.#running = this.#look());
  }

  async #look(): Promise<boolean> {
    const { store, epoch } = this.#context;
    const mine = (async () => (await store.readLease()).epoch === epoch)();
    try {
      return await mine;
    } finally {
      if (this.#following === undefined) this.#running = undefined;
    }
  }
}
