import type { Outpoint } from '../chain-node.ts';
import { outpointBytes } from '../core/find-spender.ts';
import { FingerprintSet } from './fingerprint-set.ts';

/** Says exactly which of some scripts are watched; usually one query of the caller's own tables. */
export type ScriptConfirmation = (scripts: readonly Uint8Array[]) => Promise<readonly boolean[]>;

/**
 * The scripts to report payments to, and the outputs to report the spending of. It may grow at any time and holds
 * only fingerprints; the caller fills it from its tables when it starts.
 */
export class WatchList {
  readonly scripts = new FingerprintSet();
  readonly outpoints = new FingerprintSet();
  readonly confirm: ScriptConfirmation;

  constructor(confirm: ScriptConfirmation) {
    this.confirm = confirm;
  }

  addScript(script: Uint8Array): void {
    this.scripts.add(script);
  }

  /** Outputs that the follower itself reports are added by it. */
  addOutpoint(outpoint: Outpoint): void {
    this.outpoints.add(outpointBytes(outpoint));
  }

  /** Of both tables; independent of the length of scripts. */
  get memoryBytes(): number {
    return this.scripts.memoryBytes + this.outpoints.memoryBytes;
  }
}
