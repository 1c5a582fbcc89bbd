import type { AccountTable } from './account-table.ts';
import { CREDITS_PENDING, CREDITS_POSTED, DEBITS_PENDING, DEBITS_POSTED } from './account-table.ts';
import type { HoldTable } from './hold-table.ts';

const SUMS = [DEBITS_POSTED, CREDITS_POSTED, DEBITS_PENDING, CREDITS_PENDING] as const;

const ACCOUNT_TOUCHED = 0;
const ACCOUNT_CREATED = 1;
const HOLD_CREATED = 2;
const HOLD_RESOLVED = 3;

/** What the members of an open linked chain have changed so far, so that it can be taken back in reverse. */
export class Journal {
  readonly #accounts: AccountTable;
  readonly #holds: HoldTable;
  readonly #steps: number[] = [];
  readonly #rows: number[] = [];
  readonly #flags: number[] = [];
  readonly #narrow: number[] = [];
  readonly #wide: bigint[] = [];
  /** Off outside chains, where nothing is ever taken back. */
  recording = false;

  constructor(accounts: AccountTable, holds: HoldTable) {
    this.#accounts = accounts;
    this.#holds = holds;
  }

  /** Before sums or flags of an account change. */
  accountTouched(row: number): void {
    if (!this.recording) return;
    this.#step(ACCOUNT_TOUCHED, row);
    this.#flags.push(this.#accounts.flags(row));
    const { sums } = this.#accounts;
    const cell = this.#accounts.cell(row);
    for (const sum of SUMS) {
      const narrow = sums.cells[cell + sum] as number;
      this.#narrow.push(narrow);
      if (narrow < 0) this.#wide.push(sums.read(cell + sum));
    }
  }

  accountCreated(row: number): void {
    if (this.recording) this.#step(ACCOUNT_CREATED, row);
  }

  holdCreated(row: number): void {
    if (this.recording) this.#step(HOLD_CREATED, row);
  }

  holdResolved(row: number): void {
    if (this.recording) this.#step(HOLD_RESOLVED, row);
  }

  /** Takes back everything since the recording began, the latest first, and forgets it. */
  undo(): void {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const row = this.#rows.pop() as number;
      if (step === ACCOUNT_TOUCHED) this.#restoreAccount(row);
      else if (step === ACCOUNT_CREATED) this.#accounts.removeNewest();
      else if (step === HOLD_CREATED) this.#holds.uncreate(row);
      else this.#holds.unresolve(row);
    }
  }

  /** What was recorded stands. */
  forget(): void {
    this.#steps.length = 0;
    this.#rows.length = 0;
    this.#flags.length = 0;
    this.#narrow.length = 0;
    this.#wide.length = 0;
  }

  #step(step: number, row: number): void {
    this.#steps.push(step);
    this.#rows.push(row);
  }

  #restoreAccount(row: number): void {
    this.#accounts.setFlags(row, this.#flags.pop() as number);
    const cell = this.#accounts.cell(row);
    for (let i = SUMS.length - 1; i >= 0; i--) {
      const narrow = this.#narrow.pop() as number;
      const amount = narrow < 0 ? (this.#wide.pop() as bigint) : BigInt(narrow);
      this.#accounts.sums.write(cell + (SUMS[i] as number), amount);
    }
  }
}
