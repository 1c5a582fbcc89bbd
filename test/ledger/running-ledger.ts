import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { LedgerClient, type LedgerClientOptions } from '../../src/ledger/client/index.ts';
import { idFromBytes, type LedgerId } from '../../src/ledger/format/index.ts';
import { runLedger, type LedgerConfig, type RunningLedger } from '../../src/ledger/index.ts';
import type { LedgerLogger } from '../../src/ledger/logger.ts';
import type { TestDatabase } from '../postgres/test-database.ts';

/** Keeps what was logged, for tests that ask why. */
export class RecordingLogger implements LedgerLogger {
  readonly lines: { level: string; facts: object; message: string }[] = [];
  info(facts: object, message: string): void {
    this.lines.push({ level: 'info', facts, message });
  }
  warn(facts: object, message: string): void {
    this.lines.push({ level: 'warn', facts, message });
  }
  error(facts: object, message: string): void {
    this.lines.push({ level: 'error', facts, message });
  }
}

let lastId = 0n;

/** A fresh id, later than all before it. */
export function freshId(): LedgerId {
  lastId = idFromBytes(uuidv7({}, new Uint8Array(16)));
  return lastId;
}

export interface TestLedger {
  readonly ledger: RunningLedger;
  readonly logger: RecordingLogger;
  readonly client: (options?: Partial<LedgerClientOptions>) => LedgerClient;
  /** Stops it and starts another at the same address, which knows only what the log says. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A whole ledger in this process, on a unix socket, with the careless test server's fsync allowed. */
export async function startLedger(
  database: TestDatabase,
  config: Partial<LedgerConfig> = {},
): Promise<TestLedger> {
  const folder = await mkdtemp(join(tmpdir(), 'trilock-ledger-'));
  const logger = new RecordingLogger();
  const run = (): Promise<RunningLedger> =>
    runLedger(
      { database: database.ledger, listen: { path: join(folder, 'socket') }, requireFsync: false, ...config },
      logger,
    );
  let ledger = await run();
  const clients: LedgerClient[] = [];
  return {
    get ledger() {
      return ledger;
    },
    logger,
    restart: async () => {
      await ledger.stop();
      ledger = await run();
    },
    client: (options = {}) => {
      const client = new LedgerClient({ addresses: [ledger.address], ...options });
      clients.push(client);
      return client;
    },
    stop: async () => {
      for (const client of clients) client.close();
      await ledger.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
