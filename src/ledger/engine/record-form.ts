import {
  ACCOUNT_FLAG,
  RECORD_FLAG,
  RECORD_KIND,
  RECORD_MARK,
  RESULT,
  type ResultCode,
} from '../format/index.ts';
import { isMaxId, isUuidV7, isZeroId, sameId, WORD } from './record-words.ts';

const { linked, pending, post, void: voids, balancingDebit, balancingCredit, mustChange } = RECORD_FLAG;
const BALANCING = balancingDebit | balancingCredit;
const RESOLVING = post | voids;
const TRANSFER_FLAGS = linked | pending | RESOLVING | BALANCING;
const LIMITS = ACCOUNT_FLAG.debitsMustNotExceedCredits | ACCOUNT_FLAG.creditsMustNotExceedDebits;
const CHANGEABLE = ACCOUNT_FLAG.frozen | ACCOUNT_FLAG.closed;

/**
 * What is wrong with a record by its own bytes alone, or `ok`. Fixed precedence: the checks stand in the
 * order of the result codes. `r` is the record's first word.
 */
export function checkForm(w: Uint32Array, r: number): ResultCode {
  const kind = (w[r + WORD.state] as number) & 0xff;
  if (kind === RECORD_KIND.transfer) return checkTransfer(w, r);
  if (kind === RECORD_KIND.account) return checkAccount(w, r);
  if (kind === RECORD_KIND.accountFlags) return checkAccountFlags(w, r);
  if (kind === RECORD_KIND.expiry || kind === RECORD_KIND.clock) return checkOwn(w, r, kind);
  return RESULT.record_kind_unknown;
}

/** Whether there are marks other than these. (Outcome and result are zero, or there is no batch at all.) */
function hasOtherMarks(w: Uint32Array, r: number, marks: number): boolean {
  return ((w[r + WORD.state] as number) & ((~marks & 0xff) << 8)) !== 0;
}

function checkTransfer(w: Uint32Array, r: number): ResultCode {
  if (hasOtherMarks(w, r, RECORD_MARK.endOfRequest)) return RESULT.reserved_field_must_be_zero;
  const flags = (w[r + WORD.codeFlags] as number) >>> 16;
  if ((flags & ~TRANSFER_FLAGS) !== 0) return RESULT.reserved_flag_must_be_zero;
  const idResult = checkId(w, r);
  if (idResult !== RESULT.ok) return idResult;
  if ((flags & RESOLVING) !== 0) return checkResolution(w, r, flags);
  if (!isZeroId(w, r + WORD.pendingId)) return RESULT.pending_id_must_be_zero;
  const accountsResult = checkAccountIds(w, r);
  if (accountsResult !== RESULT.ok) return accountsResult;
  if ((flags & pending) === 0 && w[r + WORD.timeout] !== 0) {
    return RESULT.timeout_reserved_for_pending_transfer;
  }
  if (isZeroId(w, r + WORD.amount)) return RESULT.amount_must_not_be_zero;
  if (w[r + WORD.asset] === 0) return RESULT.asset_must_not_be_zero;
  if (((w[r + WORD.codeFlags] as number) & 0xffff) === 0) return RESULT.code_must_not_be_zero;
  return RESULT.ok;
}

function checkId(w: Uint32Array, r: number): ResultCode {
  if (isUuidV7(w, r + WORD.id)) return RESULT.ok;
  if (isZeroId(w, r + WORD.id)) return RESULT.id_must_not_be_zero;
  if (isMaxId(w, r + WORD.id)) return RESULT.id_must_not_be_max;
  return RESULT.id_must_be_uuid_v7;
}

function checkAccountIds(w: Uint32Array, r: number): ResultCode {
  if (isZeroId(w, r + WORD.debit)) return RESULT.debit_account_id_must_not_be_zero;
  if (isMaxId(w, r + WORD.debit)) return RESULT.debit_account_id_must_not_be_max;
  if (isZeroId(w, r + WORD.credit)) return RESULT.credit_account_id_must_not_be_zero;
  if (isMaxId(w, r + WORD.credit)) return RESULT.credit_account_id_must_not_be_max;
  if (sameId(w, r + WORD.debit, w, r + WORD.credit)) return RESULT.accounts_must_be_different;
  return RESULT.ok;
}

/** Posts and voids: accounts, asset and code may be zero, which means those of the hold. */
function checkResolution(w: Uint32Array, r: number, flags: number): ResultCode {
  const isPost = (flags & post) !== 0;
  if ((isPost && (flags & voids) !== 0) || (flags & (pending | BALANCING)) !== 0) {
    return RESULT.flags_are_mutually_exclusive;
  }
  if (isZeroId(w, r + WORD.pendingId)) return RESULT.pending_id_must_not_be_zero;
  if (sameId(w, r + WORD.id, w, r + WORD.pendingId)) return RESULT.pending_id_must_be_different;
  if (w[r + WORD.timeout] !== 0) return RESULT.timeout_reserved_for_pending_transfer;
  if (isPost && isZeroId(w, r + WORD.amount)) return RESULT.amount_must_not_be_zero;
  return RESULT.ok;
}

function checkAccount(w: Uint32Array, r: number): ResultCode {
  const unused = !isZeroId(w, r + WORD.pendingId) || !isZeroId(w, r + WORD.debit);
  if (
    hasOtherMarks(w, r, RECORD_MARK.endOfRequest) ||
    unused ||
    !isZeroId(w, r + WORD.credit) ||
    !isZeroId(w, r + WORD.amount) ||
    (w[r + WORD.timeout] as number) >>> 16 !== 0
  ) {
    return RESULT.reserved_field_must_be_zero;
  }
  const accountFlags = (w[r + WORD.timeout] as number) & 0xffff;
  const known = LIMITS | ACCOUNT_FLAG.frozen;
  if ((((w[r + WORD.codeFlags] as number) >>> 16) & ~linked) !== 0 || (accountFlags & ~known) !== 0) {
    return RESULT.reserved_flag_must_be_zero;
  }
  if (isZeroId(w, r + WORD.id)) return RESULT.id_must_not_be_zero;
  if (isMaxId(w, r + WORD.id)) return RESULT.id_must_not_be_max;
  if (w[r + WORD.asset] === 0) return RESULT.asset_must_not_be_zero;
  if (((w[r + WORD.codeFlags] as number) & 0xffff) === 0) return RESULT.code_must_not_be_zero;
  if ((accountFlags & LIMITS) === LIMITS) return RESULT.account_flags_are_mutually_exclusive;
  return RESULT.ok;
}

function checkAccountFlags(w: Uint32Array, r: number): ResultCode {
  if (
    hasOtherMarks(w, r, RECORD_MARK.endOfRequest) ||
    !isZeroId(w, r + WORD.pendingId) ||
    !isZeroId(w, r + WORD.credit) ||
    !isZeroId(w, r + WORD.amount) ||
    w[r + WORD.asset] !== 0
  ) {
    return RESULT.reserved_field_must_be_zero;
  }
  if ((((w[r + WORD.codeFlags] as number) >>> 16) & ~(linked | mustChange)) !== 0) {
    return RESULT.reserved_flag_must_be_zero;
  }
  const idResult = checkId(w, r);
  if (idResult !== RESULT.ok) return idResult;
  if (isZeroId(w, r + WORD.debit)) return RESULT.debit_account_id_must_not_be_zero;
  if (isMaxId(w, r + WORD.debit)) return RESULT.debit_account_id_must_not_be_max;
  if (((w[r + WORD.codeFlags] as number) & 0xffff) === 0) return RESULT.code_must_not_be_zero;
  const set = (w[r + WORD.timeout] as number) & 0xffff;
  const clear = (w[r + WORD.timeout] as number) >>> 16;
  if ((set & clear) !== 0) return RESULT.account_flags_are_mutually_exclusive;
  if ((set | clear) === 0) return RESULT.account_flags_must_not_be_zero;
  if (((set | clear) & ~CHANGEABLE) !== 0) return RESULT.account_flag_is_not_changeable;
  return RESULT.ok;
}

/** Clock and expiry records: the writer's own. Only an expiry has a field in use, the hold's id. */
function checkOwn(w: Uint32Array, r: number, kind: number): ResultCode {
  const marks = ((w[r + WORD.state] as number) >>> 8) & 0xff;
  if ((marks & RECORD_MARK.ownRecord) === 0) return RESULT.record_kind_not_for_clients;
  if (hasOtherMarks(w, r, RECORD_MARK.ownRecord)) return RESULT.reserved_field_must_be_zero;
  for (let word = 0; word < WORD.state; word++) {
    const inHoldId = word >= WORD.pendingId && word < WORD.pendingId + 4;
    if (!inHoldId && w[r + word] !== 0) return RESULT.reserved_field_must_be_zero;
  }
  const hasHold = !isZeroId(w, r + WORD.pendingId);
  if (kind === RECORD_KIND.clock && hasHold) return RESULT.pending_id_must_be_zero;
  if (kind === RECORD_KIND.expiry && !hasHold) return RESULT.pending_id_must_not_be_zero;
  return RESULT.ok;
}
