import { MAX_BATCH_RECORDS } from '../format/index.ts';
import { AccountCommands } from './account-commands.ts';
import { AccountTable } from './account-table.ts';
import { BatchRunner } from './batch-runner.ts';
import { HoldTable } from './hold-table.ts';
import { IdWindow } from './id-window.ts';
import { Journal } from './journal.ts';
import { Movements } from './movements.ts';
import { Resolutions } from './resolutions.ts';

export interface EngineOptions {
  /** Room for this many accounts and open holds before the tables first grow (default 1,024 each). */
  readonly accounts?: number;
  readonly holds?: number;
  /** Ids remembered in each of the two generations: at least 16,380 (default 65,536). */
  readonly idsPerGeneration?: number;
  /** A secret number against ids chosen to collide in the hash tables. Changes no answer. */
  readonly hashSeed?: number;
}

/** How many resolved holds the books remember: part of the semantics, so the same for all. */
const RESOLVED_HOLDS_KEPT = 65_536;

/** The tables of one engine and those who work on them. */
export interface Books {
  readonly accounts: AccountTable;
  readonly holds: HoldTable;
  readonly window: IdWindow;
  readonly resolutions: Resolutions;
  readonly runner: BatchRunner;
}

export function emptyBooks(options: EngineOptions): Books {
  const { accounts: accountRoom = 1024, holds: holdRoom = 1024 } = options;
  const { idsPerGeneration = 65_536, hashSeed = 0 } = options;
  const accounts = new AccountTable(Math.max(accountRoom, 1), hashSeed);
  const holds = new HoldTable(Math.max(holdRoom, 1), RESOLVED_HOLDS_KEPT, hashSeed);
  const window = new IdWindow(Math.max(idsPerGeneration, 2 * MAX_BATCH_RECORDS), hashSeed);
  const journal = new Journal(accounts, holds);
  const resolutions = new Resolutions(accounts, holds, journal);
  const runner = new BatchRunner({
    accounts,
    window,
    journal,
    movements: new Movements(accounts, holds, journal),
    resolutions,
    accountCommands: new AccountCommands(accounts, journal),
  });
  return { accounts, holds, window, resolutions, runner };
}
