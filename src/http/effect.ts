import type { DatabaseTransaction } from '../database/index.ts';
import { derivedId, type Id, type IdKind } from '../shared/index.ts';

declare const committedBrand: unique symbol;

/** Proof that an answer was stored together with its effect; only `Effect.commit` makes one. */
export interface Committed<Reply> {
  readonly [committedBrand]: Reply;
}

/** What a handler of an operation with `idempotency: 'key'` works with. */
export interface Effect<Reply> {
  /**
   * An id that is the same in every attempt of this request. Everything outside the transaction (ledger
   * transfers, jobs elsewhere) must use such ids, so that a repeated attempt finds them instead of adding more.
   */
  id<Kind extends IdKind>(kind: Kind, step?: string): Id<Kind>;
  /**
   * Runs the effect and stores its answer in one transaction. Call it once, last: what must not happen twice
   * happens inside, and what was prepared outside is found again by its ids.
   * A reply with a secret that is shown once names in `replayBody` what a repeated request gets instead.
   */
  commit(act: (tx: DatabaseTransaction) => Promise<Reply>): Promise<Committed<Reply>>;
}

/** Ids of one keyed request. */
export function effectId<Kind extends IdKind>(source: Id<'request'>, kind: Kind, step = ''): Id<Kind> {
  return derivedId(kind, source, step);
}
