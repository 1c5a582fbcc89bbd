import { Engine, type EngineOptions, type OldIdRecords } from '../../../src/ledger/engine/index.ts';
import {
  decodeRecord,
  encodeCommands,
  resultName,
  type LedgerCommand,
  type LedgerRecord,
  type ResultName,
  type TransferCommand,
} from '../../../src/ledger/format/index.ts';
import { idAt, START_MS } from './ids.ts';

/** An engine with two debit-limited accounts 1 and 2 and an unlimited one, 3, which has funded them. */
export class Harness {
  readonly engine: Engine;
  readonly log: { readonly records: Uint8Array; readonly timeMs: number }[] = [];
  #ids = 1_000_000;

  constructor(options: EngineOptions = { idsPerGeneration: 0 }) {
    this.engine = new Engine(options);
    const accountFlags = { debitsMustNotExceedCredits: true };
    this.submit([
      { kind: 'account', id: 1n, asset: 1, code: 1, accountFlags },
      { kind: 'account', id: 2n, asset: 1, code: 1, accountFlags },
      { kind: 'account', id: 3n, asset: 1, code: 1 },
      { kind: 'account', id: 4n, asset: 1, code: 1, accountFlags: { creditsMustNotExceedDebits: true } },
      { kind: 'account', id: 5n, asset: 2, code: 1 },
      this.transfer({ debitAccountId: 3n, creditAccountId: 1n, amount: 100n }),
      this.transfer({ debitAccountId: 3n, creditAccountId: 2n, amount: 100n }),
    ]);
  }

  freshId(): bigint {
    return idAt(this.#ids++);
  }

  /** 1 pays 2 one unit, unless told otherwise. */
  transfer(given: Partial<TransferCommand> = {}): TransferCommand {
    const usual = { debitAccountId: 1n, creditAccountId: 2n, amount: 1n, asset: 1, code: 1 };
    return { kind: 'transfer', id: this.freshId(), ...usual, ...given };
  }

  submit(commands: readonly LedgerCommand[], timeMs = this.engine.timeMs || START_MS): ResultName[] {
    return this.apply(encodeCommands(commands), timeMs).map(({ result }) => resultName(result)!);
  }

  apply(records: Uint8Array, timeMs = this.engine.timeMs, oldIds?: OldIdRecords): LedgerRecord[] {
    this.engine.apply(records, timeMs, oldIds);
    this.log.push({ records, timeMs });
    return Array.from({ length: records.length / 128 }, (_, index) => decodeRecord(records, index * 128));
  }
}
