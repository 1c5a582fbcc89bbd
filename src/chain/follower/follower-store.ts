import type { BlockPosition } from '../chain-node.ts';

/** A block that the follower stands on or stood on shortly before: its header, 80 bytes. */
export interface RememberedBlock {
  readonly height: number;
  readonly header: Uint8Array;
}

export interface FollowerRecord {
  readonly position: BlockPosition;
  /** Consecutive, oldest first; the last is the block of `position`. */
  readonly recent: readonly RememberedBlock[];
}

export interface PositionChange {
  /** What the stored position must be now; `undefined` when there must be none yet. */
  readonly expected: BlockPosition | undefined;
  readonly next: BlockPosition;
  /** Remembered blocks above this height are no longer on our chain. */
  readonly forgetAbove: number;
  readonly remember: readonly RememberedBlock[];
  /** Remembered blocks below this height are no longer needed. */
  readonly forgetBelow: number;
}

/** Keeps where a follower stands, in the same transaction as what its handler does about it. */
export interface FollowerStore<Tx> {
  load(name: string): Promise<FollowerRecord | undefined>;
  /**
   * Runs `handle` and moves the position, both or neither. @throws ChainError `follower_position_moved` when the
   * stored position is not the expected one: another process follows under the same name.
   */
  commit(name: string, change: PositionChange, handle: (tx: Tx) => Promise<void>): Promise<void>;
}
