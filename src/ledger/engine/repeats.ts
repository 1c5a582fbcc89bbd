import {
  OUTCOME,
  OUTCOME_MASK,
  OUTCOME_NOTE,
  RECORD_FLAG,
  RECORD_KIND,
  RESULT,
  type ResultCode,
} from '../format/index.ts';
import type { AccountTable } from './account-table.ts';
import { isMaxId, isZeroId, sameId, WORD } from './record-words.ts';

const { post, void: voids, balancingDebit, balancingCredit } = RECORD_FLAG;
const RESOLVING = post | voids;
const BALANCING = balancingDebit | balancingCredit;

/**
 * The answer for the well-formed record at `w[r]` whose id was used up before by the logged record at
 * `s[at]`: the first field that differs, else `exists` if that one was applied, else the answer it got.
 * What a post or void left open, and the ledger filled in from the hold, is no difference.
 */
export function answerOfRepeat(w: Uint32Array, r: number, s: Uint32Array, at: number): ResultCode {
  const difference = compareRecords(w, r, s, at);
  if (difference !== RESULT.ok) return difference;
  const outcome = ((s[at + WORD.state] as number) >>> 16) & OUTCOME_MASK;
  if (outcome === OUTCOME.applied) return RESULT.exists;
  return ((s[at + WORD.result] as number) & 0xffff) as ResultCode;
}

function compareRecords(w: Uint32Array, r: number, s: Uint32Array, at: number): ResultCode {
  const kind = (w[r + WORD.state] as number) & 0xff;
  if (kind !== ((s[at + WORD.state] as number) & 0xff)) return RESULT.exists_with_different_kind;
  const flags = (w[r + WORD.codeFlags] as number) >>> 16;
  if (flags !== (s[at + WORD.codeFlags] as number) >>> 16) return RESULT.exists_with_different_flags;
  const isResolution = (flags & RESOLVING) !== 0;
  const wasApplied = (((s[at + WORD.state] as number) >>> 16) & OUTCOME_MASK) === OUTCOME.applied;
  const askedAt = at + ((flags & BALANCING) !== 0 && wasApplied ? WORD.pendingId : WORD.amount);
  if (isResolution && !sameId(w, r + WORD.pendingId, s, at + WORD.pendingId)) {
    return RESULT.exists_with_different_pending_id;
  }
  if (w[r + WORD.timeout] !== s[at + WORD.timeout]) {
    return kind === RECORD_KIND.transfer
      ? RESULT.exists_with_different_timeout
      : RESULT.exists_with_different_account_flags;
  }
  const mayBeOpen = isResolution && wasApplied;
  if (differs(w, r + WORD.debit, s, at + WORD.debit, mayBeOpen)) {
    return RESULT.exists_with_different_debit_account_id;
  }
  if (differs(w, r + WORD.credit, s, at + WORD.credit, mayBeOpen)) {
    return RESULT.exists_with_different_credit_account_id;
  }
  if (!sameId(w, r + WORD.amount, s, askedAt) && !(mayBeOpen && asksForTheSame(w, r, s, at, flags))) {
    return RESULT.exists_with_different_amount;
  }
  const asset = w[r + WORD.asset] as number;
  if (asset !== s[at + WORD.asset] && !(mayBeOpen && asset === 0)) {
    return RESULT.exists_with_different_asset;
  }
  const code = (w[r + WORD.codeFlags] as number) & 0xffff;
  if (code !== ((s[at + WORD.codeFlags] as number) & 0xffff) && !(mayBeOpen && code === 0)) {
    return RESULT.exists_with_different_code;
  }
  return compareUserData(w, r, s, at);
}

function differs(w: Uint32Array, at: number, s: Uint32Array, storedAt: number, mayBeOpen: boolean): boolean {
  return !sameId(w, at, s, storedAt) && !(mayBeOpen && isZeroId(w, at));
}

/** A void that names no amount, and a post of "all of it" where all of it was posted. */
function asksForTheSame(w: Uint32Array, r: number, s: Uint32Array, at: number, flags: number): boolean {
  if ((flags & voids) !== 0) return isZeroId(w, r + WORD.amount);
  const wasWhole = (((s[at + WORD.state] as number) >>> 16) & OUTCOME_NOTE.wholeHold) !== 0;
  return wasWhole && isMaxId(w, r + WORD.amount);
}

function compareUserData(w: Uint32Array, r: number, s: Uint32Array, at: number): ResultCode {
  if (!sameId(w, r + WORD.userData128, s, at + WORD.userData128)) {
    return RESULT.exists_with_different_user_data_128;
  }
  if (
    w[r + WORD.userData64] !== s[at + WORD.userData64] ||
    w[r + WORD.userData64 + 1] !== s[at + WORD.userData64 + 1]
  ) {
    return RESULT.exists_with_different_user_data_64;
  }
  if (w[r + WORD.userData32] !== s[at + WORD.userData32]) return RESULT.exists_with_different_user_data_32;
  return RESULT.ok;
}

/** The same for the account creation at `w[r]` whose id is that of the existing account in `row`. */
export function answerOfRepeatedAccount(
  w: Uint32Array,
  r: number,
  accounts: AccountTable,
  row: number,
): ResultCode {
  if (((w[r + WORD.timeout] as number) & 0xffff) !== accounts.createdFlags(row)) {
    return RESULT.exists_with_different_account_flags;
  }
  if (w[r + WORD.asset] !== accounts.asset(row)) return RESULT.exists_with_different_asset;
  if (((w[r + WORD.codeFlags] as number) & 0xffff) !== accounts.code(row)) {
    return RESULT.exists_with_different_code;
  }
  const names = [
    [4, RESULT.exists_with_different_user_data_128],
    [6, RESULT.exists_with_different_user_data_64],
    [7, RESULT.exists_with_different_user_data_32],
  ] as const;
  let word = 0;
  for (const [end, result] of names) {
    for (; word < end; word++) {
      if (w[r + WORD.userData128 + word] !== accounts.userDataWord(row, word)) return result;
    }
  }
  return RESULT.exists;
}
