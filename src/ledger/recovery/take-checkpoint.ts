import { checkpointHash } from '../format/index.ts';
import { recover, type RecoveryContext } from './recover.ts';

/** Older ones are kept in case the newest turns out to be damaged. */
const CHECKPOINTS_KEPT = 3;

/**
 * Writes a checkpoint of the log's present end, from a replica of its own: the newest checkpoint and the log
 * after it, verified and replayed. The writer is not involved, and each checkpoint proves the one before.
 * Returns its sequence; undefined when the log has not grown since the last.
 */
export async function takeCheckpoint(context: RecoveryContext): Promise<number | undefined> {
  const { checkpoints, partition } = context;
  const replica = await recover(context);
  const { sequence, epoch, hash } = replica.place;
  const [newest] = await checkpoints.listCheckpoints();
  if (sequence === 0 || newest?.sequence === sequence) return undefined;
  const state = replica.engine.snapshot({ partition, epoch, batchHash: hash });
  const head = {
    sequence,
    batchHash: hash,
    checkpointHash: checkpointHash(state),
    byteLength: state.byteLength,
  };
  await checkpoints.writeCheckpoint(head, state);
  await checkpoints.pruneCheckpoints(CHECKPOINTS_KEPT);
  return sequence;
}
