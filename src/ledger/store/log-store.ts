/**
 * What the ledger needs of a database for its log: compare-and-append, and a lease row that fences leaders.
 * PostgreSQL fills it (`postgres-log-store.ts`); the simulation fills it in memory and makes it fail in every
 * way that a database may.
 *
 * Every method may throw: then nothing is known about a write, it may have happened, or happen later.
 */
export interface LogBatch {
  readonly sequence: number;
  readonly epoch: number;
  readonly count: number;
  /** How many records the log holds before this batch. */
  readonly position: number;
  /** The batch's logged time, milliseconds since 1970. */
  readonly timeMs: number;
  /** The sealed header, 128 bytes. The fields above repeat it for the database's own checks and for people. */
  readonly header: Uint8Array;
  /** `count` records of 128 bytes. */
  readonly records: Uint8Array;
}

/** Where the log ends: its last batch. `sequence` 0 is the empty log. */
export interface LogTip {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/** The one row that says who leads. `beat` grows while the leader is idle and alive. */
export interface Lease {
  readonly epoch: number;
  readonly holder: string;
  readonly beat: number;
}

export interface LogStore {
  /** Refuses a database that would lose an acknowledged commit. @throws LedgerError `ledger_durability_off`. */
  assertDurable(): Promise<void>;

  /** Makes room in the log for this sequence and those after it. Called well before they are needed. */
  preparePartitions(upTo: number): Promise<void>;

  /**
   * One atomic statement: appends `batch` only if the lease still carries `batch.epoch` and the log's last
   * batch is `sequence − 1` with the hash that the header calls the previous one. `false`: refused, and nothing was written.
   */
  append(batch: LogBatch): Promise<boolean>;

  /** The batches with sequence above `after`, ascending, at most `limit`; a hole in the log is a hole here. */
  readBatches(after: number, limit: number): Promise<readonly LogBatch[]>;
  readTip(): Promise<LogTip>;
  /** Sequence and hash of one batch, undefined if the log has none. */
  readHash(sequence: number): Promise<Uint8Array | undefined>;

  readLease(): Promise<Lease>;
  /**
   * A durable write that succeeds only while the lease carries `epoch`. When it returns true, every commit
   * that was visible before it is durable too, on the synchronous standbys as well.
   */
  beat(epoch: number): Promise<boolean>;
  /** A session whose end the database notices by itself. `onLost` is called once if it breaks. */
  openSession(onLost: () => void): Promise<LeaderSession>;
}

export interface LeaderSession {
  /** Whether the session that leads `epoch` still exists. Epoch 0 is led by nobody. */
  leaderSessionExists(epoch: number): Promise<boolean>;
  /**
   * Raises the lease from `observedEpoch` by one and returns the new epoch, held by this session; undefined
   * when somebody else was faster. When it returns, no append under an older epoch can land any more.
   */
  takeOver(observedEpoch: number, holder: string): Promise<number | undefined>;
  close(): Promise<void>;
}
