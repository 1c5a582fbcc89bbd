import { setTimeout as sleep } from 'node:timers/promises';
import { crashPoint } from '../../shared/index.ts';
import type { Database } from '../database.ts';
import { SealingError, type ChainPoint, type SealedStream } from './stream.ts';

/** How many entries one transaction seals at most: enough to keep up, few enough to end soon. */
const BATCH = 500;

export interface SealerOptions {
  /** Stops the sealer after the batch at hand. */
  readonly signal: AbortSignal;
  /** How long to rest when nothing waits. Default 50 ms; it is the delay a reader sees. */
  readonly idleMs?: number;
  /** How long to rest after a failure. Default 1 s. */
  readonly failureMs?: number;
  /** Told of every failure (the database is away, a stream is damaged); the sealer goes on trying. */
  readonly onFailure: (stream: SealedStream['name'], error: unknown) => void;
}

/** Seals what waits in a stream, one batch, and returns how many. 0 too while another sealer is at it. */
export async function sealBatch(database: Database, stream: SealedStream): Promise<number> {
  const rows = await database.$queryRaw<{ sealed: number }[]>`
    SELECT app.seal_entries(${stream.name}, ${BATCH}::integer) AS sealed`;
  const sealed = rows[0]?.sealed ?? 0;
  if (sealed > 0) crashPoint('outbox.sealed');
  return sealed;
}

async function sealOrReport(database: Database, stream: SealedStream, options: SealerOptions) {
  try {
    return await sealBatch(database, stream);
  } catch (error) {
    options.onFailure(stream.name, error);
    return null;
  }
}

/**
 * Seals the streams until the signal aborts. Any number may run, on any host: the database lets one seal a
 * stream at a time, each batch is one transaction, and a sealer that is killed leaves nothing half done.
 */
export async function runSealer(
  database: Database,
  streams: readonly SealedStream[],
  options: SealerOptions,
): Promise<void> {
  const { signal, idleMs = 50, failureMs = 1000 } = options;
  while (!signal.aborted) {
    let restMs = idleMs;
    for (const stream of streams) {
      const sealed = await sealOrReport(database, stream, options);
      if (sealed === null) restMs = failureMs;
      else if (sealed === BATCH) restMs = 0;
    }
    // An abort ends the rest early and is no failure.
    if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => undefined);
  }
}

/** How far a stream is sealed. @throws SealingError `stream_damaged` when the stream has no head any more. */
export async function readHead(database: Database, stream: SealedStream): Promise<ChainPoint> {
  const head = await database.streamHead.findUnique({ where: { name: stream.name } });
  if (head === null) {
    throw new SealingError('stream_damaged', 'The head of a sealed stream is missing.', {
      details: { stream: stream.name },
    });
  }
  return { position: head.position, hash: Buffer.from(head.hash).toString('hex') };
}
