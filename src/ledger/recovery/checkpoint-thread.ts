// Runs in a worker thread: takes one checkpoint and ends.
import { parentPort, workerData } from 'node:worker_threads';
import { openPostgresStores } from '../store/postgres-stores.ts';
import type { CheckpointJob } from './checkpoint-in-thread.ts';
import { takeCheckpoint } from './take-checkpoint.ts';

const job = workerData as CheckpointJob;
const stores = openPostgresStores(job.stores);
const silent = (): void => undefined;
const logger = {
  info: silent,
  error: silent,
  warn: (facts: object) => parentPort?.postMessage({ warning: facts }),
};
try {
  const { partition, engineOptions } = job;
  const sequence = await takeCheckpoint({ ...stores, partition, engineOptions, logger });
  parentPort?.postMessage({ sequence });
} finally {
  await stores.close();
}
