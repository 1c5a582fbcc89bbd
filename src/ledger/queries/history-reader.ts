import type { HistoryIndex, HistoryPage, PlacedRecord } from '../store/history-index.ts';
import type { Tail } from './tail.ts';

/**
 * Reads the past: from the index and, for what the index does not have yet, from the tail. The tail is looked
 * at first: a batch that moves into the index meanwhile is then seen twice, never not at all.
 */
export class HistoryReader {
  readonly #index: HistoryIndex;
  readonly #tail: Tail;

  constructor(index: HistoryIndex, tail: Tail) {
    this.#index = index;
    this.#tail = tail;
  }

  /** The record each id (16 bytes) is known by, undefined for an id that was never used up. */
  async find(ids: readonly Uint8Array[]): Promise<readonly (PlacedRecord | undefined)[]> {
    const recent = ids.map((id) => this.#tail.find(id));
    const older = await this.#index.find(ids.filter((_id, n) => recent[n] === undefined));
    let next = 0;
    return recent.map((record) => record ?? older[next++]);
  }

  /** One page of an account's movements. */
  async history(account: Uint8Array, page: HistoryPage): Promise<readonly PlacedRecord[]> {
    const recent = this.#tail.history(account, page);
    const known = new Set(recent.map(({ position }) => position));
    const older = (await this.#index.history(account, page)).filter(({ position }) => !known.has(position));
    const merged = page.newestFirst ? [...recent, ...older] : [...older, ...recent];
    return merged.slice(0, page.limit);
  }
}
