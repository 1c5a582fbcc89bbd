import { ACCOUNT_FLAG, RECORD_FLAG, RESULT, type ResultCode } from '../format/index.ts';
import {
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  type AccountTable,
} from './account-table.ts';
import { MAX_AMOUNT, narrowAmount, putNarrowAmount, putWideAmount, WIDE, wideAmount } from './amounts.ts';
import type { HoldTable } from './hold-table.ts';
import type { Journal } from './journal.ts';
import { copyId, WORD } from './record-words.ts';

const { pending, balancingDebit, balancingCredit } = RECORD_FLAG;
const BALANCING = balancingDebit | balancingCredit;
const { debitsMustNotExceedCredits, creditsMustNotExceedDebits, frozen, closed } = ACCOUNT_FLAG;

const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/**
 * New transfers: moves posted amounts and makes holds. Twice the same rules, once in Float64 for sums below
 * 2^53 and once in bigint for everything: the tests hold both against one model.
 */
export class Movements {
  readonly #accounts: AccountTable;
  readonly #holds: HoldTable;
  readonly #journal: Journal;

  constructor(accounts: AccountTable, holds: HoldTable, journal: Journal) {
    this.#accounts = accounts;
    this.#holds = holds;
    this.#journal = journal;
  }

  /**
   * Applies the well-formed single or pending transfer at word `r`, which stands at `position` in the log.
   * When it is `ok` the record's amount is what moved, and for a balancing one its pending id what was asked.
   */
  apply(w: Uint32Array, r: number, position: number, timeMs: number): ResultCode {
    const accounts = this.#accounts;
    const debit = accounts.find(w, r + WORD.debit);
    if (debit < 0) return RESULT.debit_account_not_found;
    const credit = accounts.find(w, r + WORD.credit);
    if (credit < 0) return RESULT.credit_account_not_found;
    const asset = accounts.asset(debit);
    if (asset !== accounts.asset(credit)) return RESULT.accounts_must_have_the_same_asset;
    if (asset !== w[r + WORD.asset]) return RESULT.transfer_must_have_the_same_asset_as_accounts;
    const debitFlags = accounts.flags(debit);
    if ((debitFlags & closed) !== 0) return RESULT.debit_account_closed;
    if ((accounts.flags(credit) & closed) !== 0) return RESULT.credit_account_closed;
    if ((debitFlags & frozen) !== 0) return RESULT.debit_account_frozen;
    const flags = (w[r + WORD.codeFlags] as number) >>> 16;
    const result = this.#moveNarrow(w, r, debit, credit, flags);
    if (result === RESULT.ok && (flags & pending) !== 0) {
      const timeout = w[r + WORD.timeout] as number;
      const expiresAtMs = timeout === 0 ? 0 : timeMs + timeout * 1000;
      this.#journal.holdCreated(this.#holds.create(w, r, debit, credit, expiresAtMs, position));
    }
    return result;
  }

  #moveNarrow(w: Uint32Array, r: number, debit: number, credit: number, flags: number): ResultCode {
    const { cells } = this.#accounts.sums;
    const d = this.#accounts.cell(debit);
    const c = this.#accounts.cell(credit);
    const debitOwed = cells[d + DEBITS_POSTED] as number;
    const debitHeld = cells[d + DEBITS_PENDING] as number;
    const debitHas = cells[d + CREDITS_POSTED] as number;
    const creditHas = cells[c + CREDITS_POSTED] as number;
    const creditComing = cells[c + CREDITS_PENDING] as number;
    const creditOwed = cells[c + DEBITS_POSTED] as number;
    if (
      debitOwed < 0 ||
      debitHeld < 0 ||
      debitHas < 0 ||
      creditHas < 0 ||
      creditComing < 0 ||
      creditOwed < 0
    ) {
      return this.#moveWide(w, r, debit, credit, flags);
    }
    // Differences of sums below 2^53 are exact wherever they are not negative.
    const available = debitHas - debitOwed - debitHeld;
    const room = creditOwed - creditHas - creditComing;
    let amount = narrowAmount(w, r + WORD.amount);
    if ((flags & BALANCING) !== 0) {
      if (amount === WIDE) amount = Infinity;
      if ((flags & balancingDebit) !== 0) amount = Math.max(0, Math.min(amount, available));
      if ((flags & balancingCredit) !== 0) amount = Math.max(0, Math.min(amount, room));
    }
    if (
      amount === WIDE ||
      debitOwed + debitHeld + amount > Number.MAX_SAFE_INTEGER ||
      creditHas + creditComing + amount > Number.MAX_SAFE_INTEGER
    ) {
      return this.#moveWide(w, r, debit, credit, flags);
    }
    const limit = this.#limit(debit, credit, flags, available < amount, room < amount, amount === 0);
    if (limit !== RESULT.ok) return limit;
    this.#journal.accountTouched(debit);
    this.#journal.accountTouched(credit);
    if ((flags & BALANCING) !== 0) {
      copyId(w, r + WORD.amount, w, r + WORD.pendingId);
      putNarrowAmount(w, r + WORD.amount, amount);
    }
    if ((flags & pending) !== 0) {
      cells[d + DEBITS_PENDING] = debitHeld + amount;
      cells[c + CREDITS_PENDING] = creditComing + amount;
    } else {
      cells[d + DEBITS_POSTED] = debitOwed + amount;
      cells[c + CREDITS_POSTED] = creditHas + amount;
    }
    return RESULT.ok;
  }

  #moveWide(w: Uint32Array, r: number, debit: number, credit: number, flags: number): ResultCode {
    const { sums } = this.#accounts;
    const d = this.#accounts.cell(debit);
    const c = this.#accounts.cell(credit);
    const debitOwed = sums.read(d + DEBITS_POSTED);
    const debitHeld = sums.read(d + DEBITS_PENDING);
    const creditHas = sums.read(c + CREDITS_POSTED);
    const creditComing = sums.read(c + CREDITS_PENDING);
    const available = sums.read(d + CREDITS_POSTED) - debitOwed - debitHeld;
    const room = sums.read(c + DEBITS_POSTED) - creditHas - creditComing;
    let amount = wideAmount(w, r + WORD.amount);
    if ((flags & balancingDebit) !== 0) amount = lesser(amount, available > 0n ? available : 0n);
    if ((flags & balancingCredit) !== 0) amount = lesser(amount, room > 0n ? room : 0n);
    if ((flags & pending) !== 0) {
      if (debitHeld + amount > MAX_AMOUNT) return RESULT.overflows_debits_pending;
      if (creditComing + amount > MAX_AMOUNT) return RESULT.overflows_credits_pending;
    }
    if (debitOwed + amount > MAX_AMOUNT) return RESULT.overflows_debits_posted;
    if (creditHas + amount > MAX_AMOUNT) return RESULT.overflows_credits_posted;
    if (debitOwed + debitHeld + amount > MAX_AMOUNT) return RESULT.overflows_debits;
    if (creditHas + creditComing + amount > MAX_AMOUNT) return RESULT.overflows_credits;
    const limit = this.#limit(debit, credit, flags, available < amount, room < amount, amount === 0n);
    if (limit !== RESULT.ok) return limit;
    this.#journal.accountTouched(debit);
    this.#journal.accountTouched(credit);
    if ((flags & BALANCING) !== 0) {
      copyId(w, r + WORD.amount, w, r + WORD.pendingId);
      putWideAmount(w, r + WORD.amount, amount);
    }
    if ((flags & pending) !== 0) {
      sums.write(d + DEBITS_PENDING, debitHeld + amount);
      sums.write(c + CREDITS_PENDING, creditComing + amount);
    } else {
      sums.write(d + DEBITS_POSTED, debitOwed + amount);
      sums.write(c + CREDITS_POSTED, creditHas + amount);
    }
    return RESULT.ok;
  }

  /** The accounts' limits; and a hold of nothing is no hold, though balancing may well move nothing. */
  #limit(
    debit: number,
    credit: number,
    flags: number,
    lacksCredits: boolean,
    lacksRoom: boolean,
    isZero: boolean,
  ): ResultCode {
    if (lacksCredits && (this.#accounts.flags(debit) & debitsMustNotExceedCredits) !== 0) {
      return RESULT.exceeds_credits;
    }
    if (lacksRoom && (this.#accounts.flags(credit) & creditsMustNotExceedDebits) !== 0) {
      return RESULT.exceeds_debits;
    }
    if (isZero && (flags & pending) !== 0) return RESULT.nothing_to_hold;
    return RESULT.ok;
  }
}
