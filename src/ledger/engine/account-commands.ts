import { ACCOUNT_FLAG, RECORD_FLAG, RESULT, type ResultCode } from '../format/index.ts';
import {
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  type AccountTable,
} from './account-table.ts';
import type { Journal } from './journal.ts';
import { WORD } from './record-words.ts';

/** Creating accounts and changing their flags. */
export class AccountCommands {
  readonly #accounts: AccountTable;
  readonly #journal: Journal;

  constructor(accounts: AccountTable, journal: Journal) {
    this.#accounts = accounts;
    this.#journal = journal;
  }

  /** The creation at word `r`, whose id is no account's yet. */
  create(w: Uint32Array, r: number, timeMs: number): ResultCode {
    const row = this.#accounts.create(w, r, (w[r + WORD.timeout] as number) & 0xffff, timeMs);
    this.#journal.accountCreated(row);
    return RESULT.ok;
  }

  /**
   * The flags change at word `r`. Closing needs equal debits and credits and no hold on either side, so a
   * closed account never has anything left to resolve; it can be opened again.
   */
  changeFlags(w: Uint32Array, r: number): ResultCode {
    const row = this.#accounts.find(w, r + WORD.debit);
    if (row < 0) return RESULT.account_not_found;
    const before = this.#accounts.flags(row);
    const set = (w[r + WORD.timeout] as number) & 0xffff;
    const clear = (w[r + WORD.timeout] as number) >>> 16;
    const after = (before | set) & ~clear;
    const mustChange = (((w[r + WORD.codeFlags] as number) >>> 16) & RECORD_FLAG.mustChange) !== 0;
    if (mustChange && after === before) return RESULT.account_flags_unchanged;
    if ((after & ~before & ACCOUNT_FLAG.closed) !== 0) {
      const cell = this.#accounts.cell(row);
      const { sums } = this.#accounts;
      if (!sums.isEqual(cell + DEBITS_POSTED, cell + CREDITS_POSTED)) return RESULT.account_has_a_balance;
      if (sums.cells[cell + DEBITS_PENDING] !== 0 || sums.cells[cell + CREDITS_PENDING] !== 0) {
        return RESULT.account_has_holds;
      }
    }
    this.#journal.accountTouched(row);
    this.#accounts.setFlags(row, after);
    return RESULT.ok;
  }
}
