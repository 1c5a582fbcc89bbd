import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { EngineOptions } from '../engine/index.ts';
import type { LedgerLogger } from '../logger.ts';
import type { PostgresStoresOptions } from '../store/postgres-stores.ts';

export interface CheckpointJob {
  readonly stores: PostgresStoresOptions;
  readonly partition: number;
  readonly engineOptions: EngineOptions;
}

interface Message {
  readonly warning?: object;
  readonly sequence?: number;
}

/** A worker does not inherit the loader that this process registered for TypeScript. */
const LOADER = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/**
 * Takes a checkpoint in a thread of its own, so that neither replay nor hashing delays a commit. Rejects with
 * what went wrong there.
 */
export async function takeCheckpointInThread(job: CheckpointJob, logger: LedgerLogger): Promise<void> {
  const worker = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), {
    workerData: job,
    execArgv: ['--import', LOADER],
  });
  await new Promise<void>((resolve, reject) => {
    worker.on('message', ({ warning, sequence }: Message) => {
      if (warning !== undefined) logger.warn(warning, 'ledger checkpoint passed over');
      else logger.info({ sequence }, 'ledger checkpoint written');
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}
