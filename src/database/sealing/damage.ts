import type { ChainPoint } from './stream.ts';

/** What happened to an entry: see `classify` for how they are told apart. */
export type DamageKind = 'edited' | 'deleted' | 'inserted' | 'reordered' | 'rewritten';

export interface Damage {
  readonly kind: DamageKind;
  /** Of the first wrong entry; null for one that was never sealed. */
  readonly position: bigint | null;
  /** UUID of the entry, null when nothing names it any more. */
  readonly entryId: string | null;
}

export type ChainReport =
  | { readonly intact: true; readonly head: ChainPoint; readonly unsealed: bigint }
  | ({ readonly intact: false } & Damage);
