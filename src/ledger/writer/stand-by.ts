import type { Scheduler } from '../scheduler.ts';
import type { LeaderSession, LogStore } from '../store/log-store.ts';

export interface StandByContext {
  readonly store: LogStore;
  readonly scheduler: Scheduler;
  readonly stopping: () => boolean;
  readonly onTrouble: (error: unknown) => void;
  /** Brings the local state up to the end of the log and returns its last sequence. Errors of its own kind
   *  (a broken log) end the standby; a store that does not answer is tried again. */
  readonly follow: () => Promise<number>;
  readonly isFatal: (error: unknown) => boolean;
  /** Written into the lease, for people. */
  readonly holder: string;
  /** Pause between two looks at the log. */
  readonly pollMs: number;
  /** A leader whose session lives but which neither wrote nor beat for this long is replaced. */
  readonly staleAfterMs: number;
}

export interface Leadership {
  readonly epoch: number;
  readonly session: LeaderSession;
  /** Whether the session broke meanwhile: then a standby may be taking over already. */
  readonly sessionLost: () => boolean;
}

/**
 * Follows the log until this process leads; undefined when it was told to stop. Taking over early is a
 * matter of taste, never of safety: the epoch in the lease fences the old leader whatever it believes.
 */
export async function standByUntilLeading(context: StandByContext): Promise<Leadership | undefined> {
  const { scheduler } = context;
  let seen = '';
  let seenAtMs = scheduler.monotonicMs();
  let session: LeaderSession | undefined;
  let lost = false;
  try {
    while (!context.stopping()) {
      try {
        const sequence = await context.follow();
        if (session === undefined || lost) {
          lost = false;
          session = await reopen(session, context.store, () => (lost = true));
        }
        const lease = await context.store.readLease();
        const sign = `${lease.epoch}.${lease.beat}.${sequence}`;
        if (sign !== seen) {
          seen = sign;
          seenAtMs = scheduler.monotonicMs();
        }
        const stale = scheduler.monotonicMs() - seenAtMs >= context.staleAfterMs;
        if (stale || !(await session.leaderSessionExists(lease.epoch))) {
          const epoch = await session.takeOver(lease.epoch, context.holder);
          if (epoch !== undefined) {
            const led = { epoch, session, sessionLost: () => lost };
            session = undefined;
            return led;
          }
        }
      } catch (error) {
        if (context.isFatal(error)) throw error;
        context.onTrouble(error);
        lost = true;
      }
      await scheduler.sleep(context.pollMs);
    }
    return undefined;
  } finally {
    await session?.close().catch(context.onTrouble);
  }
}

async function reopen(
  old: LeaderSession | undefined,
  store: LogStore,
  onLost: () => void,
): Promise<LeaderSession> {
  await old?.close().catch(() => undefined);
  return await store.openSession(onLost);
}
