import { OUTCOME_NOTE, RECORD_FLAG, RESULT, type ResultCode } from '../format/index.ts';
import {
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  type AccountTable,
} from './account-table.ts';
import { narrowAmount, wideAmount, WIDE } from './amounts.ts';
import { HOLD_STATE, type HoldState, type HoldTable } from './hold-table.ts';
import type { Journal } from './journal.ts';
import { isMaxId, isZeroId, WORD } from './record-words.ts';

const WHOLE_HOLD = OUTCOME_NOTE.wholeHold << 16;

/**
 * Ends of holds: posts, voids and expiries. Neither frozen nor closed accounts stand in their way: what is
 * already on its way must be bookable. Whether the money was there was checked when the hold was made.
 */
export class Resolutions {
  readonly #accounts: AccountTable;
  readonly #holds: HoldTable;
  readonly #journal: Journal;
  /** Holds resolved in this batch, in order, chains that were taken back excepted. */
  readonly resolved: number[] = [];

  constructor(accounts: AccountTable, holds: HoldTable, journal: Journal) {
    this.#accounts = accounts;
    this.#holds = holds;
    this.#journal = journal;
  }

  /** The post or void at word `r`. When `ok` the record is completed from its hold; amount is what moved. */
  apply(w: Uint32Array, r: number, position: number, timeMs: number): ResultCode {
    const hold = this.#holds.find(w, r + WORD.pendingId);
    if (hold < 0) return RESULT.pending_transfer_not_found;
    const closedBy = resolvedResult(this.#holds.state(hold));
    if (closedBy !== RESULT.ok) return closedBy;
    const expiresAtMs = this.#holds.expiresAtMs(hold);
    if (expiresAtMs > 0 && expiresAtMs <= timeMs) return RESULT.pending_transfer_expired;
    const difference = this.#compare(w, r, hold);
    if (difference !== RESULT.ok) return difference;
    const isPost = (((w[r + WORD.codeFlags] as number) >>> 16) & RECORD_FLAG.post) !== 0;
    const result = this.#checkAmount(w, r, hold, isPost);
    if (result !== RESULT.ok) return result;
    this.#complete(w, r, hold, isPost);
    this.#release(w, r, hold, isPost);
    this.#end(hold, isPost ? HOLD_STATE.posted : HOLD_STATE.voided, position);
    return RESULT.ok;
  }

  /** The expiry record at word `r`. */
  expire(w: Uint32Array, r: number, position: number, timeMs: number): ResultCode {
    const hold = this.#holds.find(w, r + WORD.pendingId);
    if (hold < 0) return RESULT.pending_transfer_not_found;
    const closedBy = resolvedResult(this.#holds.state(hold));
    if (closedBy !== RESULT.ok) return closedBy;
    const expiresAtMs = this.#holds.expiresAtMs(hold);
    if (expiresAtMs === 0 || expiresAtMs > timeMs) return RESULT.pending_transfer_not_due;
    this.#complete(w, r, hold, false);
    this.#release(w, r, hold, false);
    this.#end(hold, HOLD_STATE.expired, position);
    return RESULT.ok;
  }

  #compare(w: Uint32Array, r: number, hold: number): ResultCode {
    const debit = this.#holds.debitRow(hold);
    if (!isZeroId(w, r + WORD.debit) && !this.#accounts.hasId(debit, w, r + WORD.debit)) {
      return RESULT.pending_transfer_has_different_debit_account_id;
    }
    if (
      !isZeroId(w, r + WORD.credit) &&
      !this.#accounts.hasId(this.#holds.creditRow(hold), w, r + WORD.credit)
    ) {
      return RESULT.pending_transfer_has_different_credit_account_id;
    }
    const asset = w[r + WORD.asset] as number;
    if (asset !== 0 && asset !== this.#accounts.asset(debit)) {
      return RESULT.pending_transfer_has_different_asset;
    }
    const code = (w[r + WORD.codeFlags] as number) & 0xffff;
    if (code !== 0 && code !== this.#holds.code(hold)) return RESULT.pending_transfer_has_different_code;
    return RESULT.ok;
  }

  #checkAmount(w: Uint32Array, r: number, hold: number, isPost: boolean): ResultCode {
    if (isPost) {
      if (isMaxId(w, r + WORD.amount)) return RESULT.ok;
      return this.#difference(w, r, hold) > 0 ? RESULT.exceeds_pending_transfer_amount : RESULT.ok;
    }
    if (isZeroId(w, r + WORD.amount) || this.#difference(w, r, hold) === 0) return RESULT.ok;
    return RESULT.pending_transfer_has_different_amount;
  }

  /** The record's amount against the hold's: negative, zero or positive. */
  #difference(w: Uint32Array, r: number, hold: number): number {
    const asked = narrowAmount(w, r + WORD.amount);
    const held = this.#holds.amounts.cells[this.#holds.cell(hold)] as number;
    if (asked !== WIDE && held !== WIDE) return asked - held;
    const askedWide = wideAmount(w, r + WORD.amount);
    const heldWide = this.#holds.amounts.read(this.#holds.cell(hold));
    return askedWide === heldWide ? 0 : askedWide > heldWide ? 1 : -1;
  }

  /** Writes accounts, asset, code and amount of the hold where the record left them open. */
  #complete(w: Uint32Array, r: number, hold: number, isPost: boolean): void {
    const debit = this.#holds.debitRow(hold);
    if (!isPost || isMaxId(w, r + WORD.amount)) {
      this.#holds.amounts.copyTo(this.#holds.cell(hold), w, r + WORD.amount);
    }
    if (isPost && this.#difference(w, r, hold) === 0) {
      w[r + WORD.state] = (w[r + WORD.state] as number) | WHOLE_HOLD;
    }
    this.#accounts.copyId(debit, w, r + WORD.debit);
    this.#accounts.copyId(this.#holds.creditRow(hold), w, r + WORD.credit);
    w[r + WORD.asset] = this.#accounts.asset(debit);
    w[r + WORD.codeFlags] = ((w[r + WORD.codeFlags] as number) & 0xffff_0000) | this.#holds.code(hold);
  }

  /** Takes the hold off the pending sums and, for a post, adds the record's amount to the posted ones. */
  #release(w: Uint32Array, r: number, hold: number, isPost: boolean): void {
    const debit = this.#holds.debitRow(hold);
    const credit = this.#holds.creditRow(hold);
    this.#journal.accountTouched(debit);
    this.#journal.accountTouched(credit);
    const { sums } = this.#accounts;
    const { cells } = sums;
    const d = this.#accounts.cell(debit);
    const c = this.#accounts.cell(credit);
    const held = this.#holds.amounts.cells[this.#holds.cell(hold)] as number;
    const debitHeld = cells[d + DEBITS_PENDING] as number;
    const creditComing = cells[c + CREDITS_PENDING] as number;
    if (held === WIDE || debitHeld < 0 || creditComing < 0) {
      const heldWide = this.#holds.amounts.read(this.#holds.cell(hold));
      sums.write(d + DEBITS_PENDING, sums.read(d + DEBITS_PENDING) - heldWide);
      sums.write(c + CREDITS_PENDING, sums.read(c + CREDITS_PENDING) - heldWide);
    } else {
      cells[d + DEBITS_PENDING] = debitHeld - held;
      cells[c + CREDITS_PENDING] = creditComing - held;
    }
    if (!isPost) return;
    sums.add(d + DEBITS_POSTED, w, r + WORD.amount);
    sums.add(c + CREDITS_POSTED, w, r + WORD.amount);
  }

  #end(hold: number, state: HoldState, position: number): void {
    this.#holds.resolve(hold, state, position);
    this.#journal.holdResolved(hold);
    this.resolved.push(hold);
  }
}

function resolvedResult(state: HoldState): ResultCode {
  switch (state) {
    case HOLD_STATE.pending:
      return RESULT.ok;
    case HOLD_STATE.posted:
      return RESULT.pending_transfer_already_posted;
    case HOLD_STATE.voided:
      return RESULT.pending_transfer_already_voided;
    case HOLD_STATE.expired:
      return RESULT.pending_transfer_expired;
  }
}
