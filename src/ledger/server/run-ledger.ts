import { hostname } from 'node:os';
import { randomInt } from 'node:crypto';
import { systemClock } from '../../shared/index.ts';
import type { PostgresConfig } from '../../postgres/index.ts';
import { MAX_BATCH_RECORDS } from '../format/index.ts';
import type { LedgerLogger } from '../logger.ts';
import { takeCheckpointInThread } from '../recovery/checkpoint-in-thread.ts';
import { systemScheduler } from '../scheduler.ts';
import { openPostgresStores, type LedgerStores } from '../store/postgres-stores.ts';
import { listenForStreams, type LedgerAddress } from '../transport.ts';
import { LedgerNode, type NodeRole } from './node.ts';

export interface LedgerConfig {
  /** Signs in as the ledger's own database role. */
  readonly database: PostgresConfig;
  /** Where clients connect: a unix socket (one per process), or a TCP port on the loopback interface. */
  readonly listen: LedgerAddress;
  /** Default 0. */
  readonly partition?: number;
  /** Default true. Only a sandbox may say no: then the database may run with fsync off. */
  readonly requireFsync?: boolean;
  /** A standby replaces a leader that shows no sign of life for this long. Default 3 s. */
  readonly staleAfterMs?: number;
  /** Default 4 million, a gigabyte of log for every two of them. */
  readonly checkpointEveryRecords?: number;
  /** Ids remembered in each of two generations; older ones are looked up in the index. Default 262,144. */
  readonly idsPerGeneration?: number;
}

export interface RunningLedger {
  /** Where it listens: with port 0, the port that was given. */
  readonly address: LedgerAddress;
  /** Resolves when the books are up to date and this process leads or stands by. */
  readonly ready: Promise<void>;
  /** Rejects when it cannot go on: a broken log, a database without durability. Resolves after `stop`. */
  readonly ended: Promise<void>;
  readonly role: () => NodeRole;
  /** For metrics: how far the log reaches and the index is behind, and who is connected. */
  readonly measures: () => {
    sequence: number;
    position: number;
    unindexedBytes: number;
    connections: number;
  };
  /** Answers what is in flight, closes all connections, and hands over to a standby. */
  stop(): Promise<void>;
}

const QUERY_TIMEOUT_MS = 10_000;
const POLL_MS = 100;
const BEAT_MS = 500;
const READY_POLL_MS = 10;

/** The program behind the role `ledger`. @throws the system's error when it cannot listen. */
export async function runLedger(
  config: LedgerConfig,
  logger: LedgerLogger,
  wrapStores: (stores: LedgerStores) => LedgerStores = (stores) => stores,
): Promise<RunningLedger> {
  const { database, requireFsync = true, partition = 0, idsPerGeneration = 262_144 } = config;
  const storesOptions = { database, requireFsync, queryTimeoutMs: QUERY_TIMEOUT_MS };
  const stores = wrapStores(openPostgresStores(storesOptions));
  // Secret, so that nobody can choose ids that collide in the hash tables. Changes no answer.
  const engineOptions = { idsPerGeneration, hashSeed: randomInt(2 ** 31) };
  const node = new LedgerNode(
    {
      partition,
      engineOptions,
      holder: `${hostname()}/${process.pid}`,
      pollMs: POLL_MS,
      beatMs: BEAT_MS,
      staleAfterMs: config.staleAfterMs ?? 3_000,
      checkpointEveryRecords: config.checkpointEveryRecords ?? 4_000_000,
      maxQueuedRecords: 16 * MAX_BATCH_RECORDS,
      maxTailBytes: 256 << 20,
      maxConnections: 256,
      stalledAfterMs: 30_000,
    },
    {
      ...stores,
      logger,
      clock: systemClock,
      scheduler: systemScheduler,
      takeCheckpoint: () =>
        takeCheckpointInThread({ stores: storesOptions, partition, engineOptions }, logger),
    },
  );
  const listener = await listenForStreams(config.listen, (stream) => node.server.accept(stream));
  const running = node.run();
  const ended = running.finally(async () => {
    await listener.close();
    await stores.close();
  });
  ended.catch((error: unknown) => logger.error({ err: error }, 'ledger stopped: a person must look'));
  return {
    address: listener.address,
    ready: untilReady(node),
    ended,
    role: () => node.role,
    measures: () => {
      const { sequence, position } = node.status();
      return {
        sequence,
        position,
        unindexedBytes: node.unindexedBytes,
        connections: node.server.connectionCount,
      };
    },
    stop: async () => {
      node.stop();
      await ended.catch(() => undefined);
    },
  };
}

/** Resolves too when the process ends before it was ready: `ended` says why. */
async function untilReady(node: LedgerNode): Promise<void> {
  while (node.role === 'recovering') await systemScheduler.sleep(READY_POLL_MS);
}
