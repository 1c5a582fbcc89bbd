import { appendAudit } from '../audit/index.ts';
import { ChainError, type ChainErrorCode } from '../chain/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { appendEvent, type EventType } from '../events/index.ts';
import type { Clock, JsonValue } from '../shared/index.ts';

/** Why nothing is credited and nothing paid out at the moment. */
export interface ChainHold {
  readonly since: Date;
  /** Of the error that following the chain ended in, or `not_followed` when it was not followed lately. */
  readonly code: string;
}

/** Who has not looked at the chain for so long does not know it. Longer than any look takes. */
const LOOKED_WITHIN_MS = 10 * 60_000;
/** A look that went well is written down this often. */
const NOTE_EVERY_MS = 5_000;
/** A node that restarts, or a line that breaks, is told of only when it lasts. */
const TELL_AFTER_MS = 60_000;

/** A lie, a split, or a broken rule: told at once. Everything else may pass. */
const TOLD_AT_ONCE: ReadonlySet<string> = new Set<ChainErrorCode>([
  'wrong_network',
  'header_invalid',
  'block_invalid',
  'node_behind',
  'reorg_too_deep',
  'forked_below_checkpoint',
  'chain_disagreement',
  'node_answer_malformed',
  'node_answer_too_large',
  'node_unauthorized',
]);

type Tables = Database | DatabaseTransaction;

/** Null while the chain is followed, and the nodes agree on a fresh tip. */
export async function readChainHold(tables: Tables, follower: string, now: Date): Promise<ChainHold | null> {
  const row = await tables.chainFollower.findUnique({ where: { name: follower } });
  if (row === null) return { since: now, code: 'not_followed' };
  const { heldSince, heldCode, checkedAt } = row;
  if (heldSince !== null) return { since: heldSince, code: heldCode ?? 'not_followed' };
  const isRecent = checkedAt !== null && now.getTime() - checkedAt.getTime() <= LOOKED_WITHIN_MS;
  return isRecent ? null : { since: checkedAt ?? now, code: 'not_followed' };
}

async function tell(
  tx: DatabaseTransaction,
  clock: Clock,
  type: EventType & `chain.${string}`,
  data: { readonly [name: string]: JsonValue },
): Promise<void> {
  const actor = { kind: 'process', id: 'worker' } as const;
  const action = type === 'chain.held' ? 'chain.hold' : 'chain.resume';
  await appendAudit(tx, { actor, strength: 'process', action, entity: 'chain', after: data }, clock);
  await appendEvent(tx, { type, subject: 'chain', customer: null, data }, clock);
}

/** The chain was followed up to a tip that is agreed and fresh: what was held goes on. */
export async function noteFollowed(database: Database, clock: Clock, follower: string): Promise<void> {
  const now = new Date(clock.nowMs());
  const row = await database.chainFollower.findUnique({ where: { name: follower } });
  if (row === null) return;
  const isNoted = row.checkedAt !== null && Math.abs(now.getTime() - row.checkedAt.getTime()) < NOTE_EVERY_MS;
  if (row.heldSince === null && isNoted) return;
  await inTransaction(database, async (tx) => {
    const { count } = await tx.chainFollower.updateMany({
      where: { name: follower, heldSince: row.heldSince },
      data: { checkedAt: now, heldSince: null, heldCode: null, heldTold: false },
    });
    if (count === 0 || !row.heldTold || row.heldSince === null) return;
    const data = { code: row.heldCode ?? '', heldSince: row.heldSince.toISOString() };
    await tell(tx, clock, 'chain.resumed', data);
  });
}

/** What happened is written down, and told when it is no passing thing. Errors that are not the chain's hold nothing. */
export async function noteFailed(
  database: Database,
  clock: Clock,
  follower: string,
  thrown: unknown,
): Promise<void> {
  if (!(thrown instanceof ChainError) || thrown.code === 'follower_position_moved') return;
  const now = new Date(clock.nowMs());
  const row = await database.chainFollower.findUnique({ where: { name: follower } });
  if (row === null) return;
  const kind = typeof thrown.details['kind'] === 'string' ? thrown.details['kind'] : null;
  const since = row.heldSince ?? now;
  const isPassing = !TOLD_AT_ONCE.has(thrown.code) && now.getTime() - since.getTime() < TELL_AFTER_MS;
  const isTold = row.heldTold && row.heldCode === thrown.code;
  if (row.heldSince !== null && (isTold || isPassing)) return;
  await inTransaction(database, async (tx) => {
    const { count } = await tx.chainFollower.updateMany({
      where: { name: follower, heldSince: row.heldSince, heldTold: row.heldTold },
      data: { heldSince: since, heldCode: thrown.code, heldTold: !isPassing },
    });
    if (count === 0 || isPassing) return;
    const data = { code: thrown.code, kind, text: thrown.message, heldSince: since.toISOString() };
    await tell(tx, clock, 'chain.held', data);
  });
}
