import type { Scheduler } from '../scheduler.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Leadership } from '../writer/stand-by.ts';
import type { Writer } from '../writer/writer.ts';
import type { LedgerServer } from './server.ts';

export interface HousekeepingContext {
  readonly store: LogStore;
  readonly scheduler: Scheduler;
  readonly leadership: Leadership;
  readonly writer: Writer;
  readonly server: LedgerServer;
  readonly beatMs: number;
  readonly checkpointEveryRecords: number;
  readonly takeCheckpoint: () => Promise<unknown>;
  readonly stopping: () => boolean;
  readonly onTrouble: (error: unknown) => void;
}

/** Room in the log is made when fewer batches than this are left of it. */
const ROOM_AHEAD = 500_000;

/**
 * What a leader does besides writing, a few times a second: shows that it is alive, steps down when it lost its
 * session, lets holds run out, cuts off stalled clients, makes room in the log, has checkpoints taken.
 */
export async function keepHouse(context: HousekeepingContext): Promise<void> {
  const { writer, server, scheduler, leadership } = context;
  let beatenAt = writer.committedPlace.sequence;
  let roomUpTo = beatenAt + ROOM_AHEAD;
  let checkpointAt = writer.committedPlace.position;
  let checkpoint: Promise<void> | undefined;
  while (!context.stopping()) {
    await scheduler.sleep(context.beatMs);
    writer.tick();
    server.cutOffStalled(scheduler.monotonicMs());
    const { sequence, position } = writer.committedPlace;
    try {
      // A batch since the last time is sign of life enough.
      const alive = sequence > beatenAt || (await context.store.beat(leadership.epoch));
      if (!alive || leadership.sessionLost()) writer.stop();
      beatenAt = sequence;
      if (sequence > roomUpTo) {
        await context.store.preparePartitions(sequence + ROOM_AHEAD);
        roomUpTo = sequence + ROOM_AHEAD;
      }
    } catch (error) {
      context.onTrouble(error);
    }
    if (checkpoint === undefined && position - checkpointAt >= context.checkpointEveryRecords) {
      checkpointAt = position;
      checkpoint = takeOne(context).finally(() => (checkpoint = undefined));
    }
  }
  await checkpoint;
}

async function takeOne(context: HousekeepingContext): Promise<void> {
  try {
    await context.takeCheckpoint();
  } catch (error) {
    context.onTrouble(error);
  }
}
