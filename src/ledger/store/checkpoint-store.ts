/** One checkpoint as stored: opaque bytes, cut into parts by the store. */
export interface CheckpointHead {
  /** The last batch that the state reflects. */
  readonly sequence: number;
  /** That batch's hash. */
  readonly batchHash: Uint8Array;
  /** The checkpoint's own hash, as the format defines it. */
  readonly checkpointHash: Uint8Array;
  readonly byteLength: number;
}

export interface CheckpointStore {
  /** Newest first. */
  listCheckpoints(): Promise<readonly CheckpointHead[]>;
  readCheckpoint(sequence: number): Promise<Uint8Array>;
  /** A checkpoint of the same sequence that exists already is left as it is. */
  writeCheckpoint(head: CheckpointHead, state: Uint8Array): Promise<void>;
  /** Deletes all but the `keep` newest. */
  pruneCheckpoints(keep: number): Promise<void>;
}
