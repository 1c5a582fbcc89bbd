/** Every record is this long, whatever its kind. The layout is specified in docs/ledger-format.md. */
export const RECORD_BYTES = 128;

/** A batch row of 8,190 records and its header stay below 1 MiB. */
export const MAX_BATCH_RECORDS = 8190;

/** An id whose time is later than the batch's by more than this is from the future: clocks may differ a little. */
export const ID_FUTURE_TOLERANCE_MS = 10_000;

/** Byte offsets within a record. Numbers are little-endian; ids are 16 bytes as RFC 9562 prints them. */
export const RECORD_OFFSET = {
  id: 0,
  /** The hold that a post, void or expiry resolves; in a logged balancing transfer the amount asked for. */
  pendingId: 16,
  debitAccountId: 32,
  creditAccountId: 48,
  /** What moved; in a request, what is asked for. */
  amount: 64,
  userData128: 80,
  userData64: 96,
  userData32: 104,
  /** Transfers: seconds until a pending one expires, 0 never. Clock: unused. */
  timeoutSeconds: 108,
  /** Account and flags-change records use the same four bytes for account flags. */
  accountFlagsSet: 108,
  accountFlagsClear: 110,
  asset: 112,
  code: 116,
  flags: 118,
  kind: 120,
  marks: 121,
  outcome: 122,
  reserved8: 123,
  result: 124,
  reserved16: 126,
} as const;

export const RECORD_KIND = {
  transfer: 1,
  account: 2,
  accountFlags: 3,
  /** Time has passed; written by the writer when nothing else would tell. */
  clock: 4,
  /** A hold ran out; written by the writer, taken from the engine's `dueExpiries`. */
  expiry: 5,
} as const;

export type RecordKind = keyof typeof RECORD_KIND;

/** Bits of a record's `flags`. */
export const RECORD_FLAG = {
  /** This record and the next succeed or fail together. */
  linked: 1 << 0,
  pending: 1 << 1,
  post: 1 << 2,
  void: 1 << 3,
  /** Move at most what the debit account has available. */
  balancingDebit: 1 << 4,
  /** Move at most what the credit account can take by its debits. */
  balancingCredit: 1 << 5,
  /** A flags change that would change nothing is refused. */
  mustChange: 1 << 6,
} as const;

/** Bits of an account's flags. */
export const ACCOUNT_FLAG = {
  debitsMustNotExceedCredits: 1 << 0,
  creditsMustNotExceedDebits: 1 << 1,
  frozen: 1 << 2,
  closed: 1 << 3,
} as const;

/** Bits of `marks`, set by the writer alone. */
export const RECORD_MARK = {
  /** The last record of one client's request: a linked chain may not run past it. */
  endOfRequest: 1 << 0,
  /** Made by the ledger itself: a clock or expiry record. */
  ownRecord: 1 << 1,
} as const;

/** What became of a record, set by the engine. The upper bits of the byte are notes, see OUTCOME_NOTE. */
export const OUTCOME = {
  none: 0,
  applied: 1,
  /** Refused by the state of the books. The id is used up: a retry gets the same answer. */
  rejected: 2,
  /** The id was used before: this is the answer of then, or names the field that differs. */
  repeated: 3,
  /** Refused by its own form or time. The id is not used up. */
  refused: 4,
} as const;

export type Outcome = keyof typeof OUTCOME;

export const OUTCOME_MASK = 0x07;

export const OUTCOME_NOTE = {
  /** A post moved the whole hold (so a retry that asks for "all of it" is the same request). */
  wholeHold: 1 << 7,
} as const;
