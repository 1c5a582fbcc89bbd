/** Where a record stands in the log. */
export interface RecordPosition {
  readonly sequence: number;
  /** Counts records from the beginning of the log, 0 first. */
  readonly position: number;
}

/** A record as it stands in the log. */
export interface PlacedRecord extends RecordPosition {
  /** The time of its batch. */
  readonly timeMs: number;
  /** 128 bytes. */
  readonly bytes: Uint8Array;
}

/** What the index keeps of one batch. */
export interface BatchIndexEntries {
  readonly sequence: number;
  /** Ids that this batch used up, accepted or rejected, 16 bytes each one after the other. */
  readonly ids: Uint8Array;
  readonly idPositions: readonly number[];
  /** Accounts that were moved, 16 bytes each one after the other, once per record and account. */
  readonly accounts: Uint8Array;
  readonly accountPositions: readonly number[];
  /** One digest for the header and one per record, see `verify/`. */
  readonly digests: Uint8Array;
}

export interface HistoryPage {
  /** Only movements beyond this position, in the direction of reading. */
  readonly afterPosition?: number;
  /** Only movements of batches within these times, both included; 0 for no bound. */
  readonly fromTimeMs: number;
  readonly toTimeMs: number;
  readonly newestFirst: boolean;
  readonly limit: number;
}

/**
 * Finds records without reading the whole log. A follower of the log writes it, after the commit; what it has
 * not reached yet is read from the tail in memory. May be thrown away and built again.
 */
export interface HistoryIndex {
  /** Everything up to this sequence is indexed; 0: nothing. */
  position(): Promise<number>;
  /**
   * Adds batches that follow `after` without a gap, all or none; false when the index is no longer at `after`
   * (another follower was faster).
   */
  extend(after: number, batches: readonly BatchIndexEntries[]): Promise<boolean>;
  /** The records that these ids are known by, from the log itself; undefined where an id is not indexed. */
  find(ids: readonly Uint8Array[]): Promise<readonly (PlacedRecord | undefined)[]>;
  /** One page of an account's movements, from the log itself. */
  history(account: Uint8Array, page: HistoryPage): Promise<readonly PlacedRecord[]>;
  /** The digests of one batch, undefined when it is not indexed. */
  digests(sequence: number): Promise<Uint8Array | undefined>;
}
