import type { DatabaseTransaction, Prisma } from '../database/index.ts';
import { idFromUuid, idToUuid, type IntentId } from '../shared/index.ts';
import { BREAKER_FORBIDS, decideBreaker, type Breaker, type BreakerCommand } from './breaker.ts';
import { FreezeError } from './errors.ts';
import {
  RESTRICTION_STATES,
  type RestrictedFunction,
  type RestrictionState,
} from './restriction-kinds-contract.ts';
import type { RestrictionId } from './restriction.ts';
import type { Tables } from './restriction-store.ts';

const LIVE = { state: { not: 'released' satisfies RestrictionState } };

function breakerOf(row: Prisma.CircuitBreakerModel): Breaker {
  const { version, trippedBy, trippedAt, reason, changedAt } = row;
  const state = RESTRICTION_STATES.find((name) => name === row.state);
  if (state === undefined) throw new RangeError(`a breaker says ${row.state}`);
  const resetIntent = row.resetIntentId === null ? null : idFromUuid('intent', row.resetIntentId);
  const id = idFromUuid('restriction', row.id);
  return { id, state, version, trippedBy, trippedAt, reason, resetIntent, changedAt };
}

/** Whether a breaker that has tripped takes this away from everybody. */
export async function breakerForbids(tables: Tables, wanted: RestrictedFunction): Promise<boolean> {
  return BREAKER_FORBIDS.includes(wanted) && (await tables.circuitBreaker.count({ where: LIVE })) > 0;
}

export async function liveBreaker(tables: Tables): Promise<Breaker | undefined> {
  const row = await tables.circuitBreaker.findFirst({ where: LIVE });
  return row === null ? undefined : breakerOf(row);
}

/** @throws FreezeError `breaker_unknown`. */
export async function findBreaker(tables: Tables, id: RestrictionId): Promise<Breaker> {
  const row = await tables.circuitBreaker.findUnique({ where: { id: idToUuid(id) } });
  if (row === null) throw new FreezeError('breaker_unknown', 'There is no such breaker.');
  return breakerOf(row);
}

/** The newest first. */
export async function listBreakers(tables: Tables, limit: number): Promise<readonly Breaker[]> {
  return (await tables.circuitBreaker.findMany({ orderBy: { id: 'desc' }, take: limit })).map(breakerOf);
}

/** When the breaker was reset the last time; null when it never was. */
export async function lastResetAt(tables: Tables): Promise<Date | null> {
  const state = 'released' satisfies RestrictionState;
  const { _max } = await tables.circuitBreaker.aggregate({ where: { state }, _max: { changedAt: true } });
  return _max.changedAt;
}

export async function insertBreaker(
  tx: DatabaseTransaction,
  { id, trippedBy, reason }: Pick<Breaker, 'id' | 'trippedBy' | 'reason'>,
  at: Date,
): Promise<void> {
  const state = 'freezing' satisfies RestrictionState;
  const times = { trippedAt: at, changedAt: at, lookAt: at };
  await tx.circuitBreaker.create({ data: { id: idToUuid(id), state, trippedBy, reason, ...times } });
}

/** Takes a step of the state table. @throws FreezeError `restriction_step_forbidden`, `restriction_changed_meanwhile`. */
export async function moveBreaker(
  tx: DatabaseTransaction,
  { id, state, version }: Breaker,
  command: BreakerCommand,
  at: Date,
  resetIntent?: IntentId,
): Promise<RestrictionState> {
  const next = decideBreaker(state, command);
  const { count } = await tx.circuitBreaker.updateMany({
    where: { id: idToUuid(id), state, version },
    data: {
      state: next,
      version: version + 1,
      changedAt: at,
      lookAt: next === 'freezing' || next === 'releasing' ? at : null,
      ...(next === 'in_force' ? { resetIntentId: null } : {}),
      ...(resetIntent === undefined ? {} : { resetIntentId: idToUuid(resetIntent) }),
    },
  });
  if (count === 1) return next;
  throw new FreezeError('restriction_changed_meanwhile', 'Somebody else was faster; look again.', {
    retryable: true,
  });
}

/** The one that ledger or signer has not acknowledged, locked, when it is time. */
export async function takeUnsettledBreaker(tx: DatabaseTransaction, now: Date): Promise<Breaker | undefined> {
  const [row] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM circuit_breaker WHERE look_at <= ${now} LIMIT 1 FOR UPDATE SKIP LOCKED`;
  return row === undefined ? undefined : await findBreaker(tx, idFromUuid('restriction', row.id));
}
