/**
 * Every answer the ledger can give for a record. A lower number takes precedence: when several apply, the
 * lowest is given, except that a broken chain overrules what its earlier members had been given. The
 * numbers are part of the format and are never reused.
 */
export const RESULT = {
  ok: 0,

  // By the record's own form: the id is not used up.
  record_kind_unknown: 1,
  record_kind_not_for_clients: 2,
  reserved_field_must_be_zero: 3,
  reserved_flag_must_be_zero: 4,
  id_must_not_be_zero: 5,
  id_must_not_be_max: 6,
  id_must_be_uuid_v7: 7,
  flags_are_mutually_exclusive: 8,
  pending_id_must_be_zero: 9,
  pending_id_must_not_be_zero: 10,
  pending_id_must_be_different: 11,
  debit_account_id_must_not_be_zero: 12,
  debit_account_id_must_not_be_max: 13,
  credit_account_id_must_not_be_zero: 14,
  credit_account_id_must_not_be_max: 15,
  accounts_must_be_different: 16,
  timeout_reserved_for_pending_transfer: 17,
  amount_must_not_be_zero: 18,
  asset_must_not_be_zero: 19,
  code_must_not_be_zero: 20,
  account_flags_are_mutually_exclusive: 21,
  account_flags_must_not_be_zero: 22,
  account_flag_is_not_changeable: 23,

  // By time: the id is not used up.
  id_is_from_the_future: 32,

  // By the id: it was used before, with another value in the named field.
  exists_with_different_kind: 40,
  exists_with_different_flags: 41,
  exists_with_different_pending_id: 42,
  exists_with_different_timeout: 43,
  exists_with_different_account_flags: 44,
  exists_with_different_debit_account_id: 45,
  exists_with_different_credit_account_id: 46,
  exists_with_different_amount: 47,
  exists_with_different_asset: 48,
  exists_with_different_code: 49,
  exists_with_different_user_data_128: 50,
  exists_with_different_user_data_64: 51,
  exists_with_different_user_data_32: 52,
  /** A success: the very same record was applied before. */
  exists: 53,

  // By the chain it stands in.
  linked_chain_open: 60,
  linked_record_failed: 61,

  // By the state of the books.
  pending_transfer_not_found: 70,
  pending_transfer_already_posted: 71,
  pending_transfer_already_voided: 72,
  pending_transfer_expired: 73,
  pending_transfer_not_due: 74,
  pending_transfer_has_different_debit_account_id: 75,
  pending_transfer_has_different_credit_account_id: 76,
  pending_transfer_has_different_asset: 77,
  pending_transfer_has_different_code: 78,
  pending_transfer_has_different_amount: 79,
  exceeds_pending_transfer_amount: 80,
  debit_account_not_found: 90,
  credit_account_not_found: 91,
  accounts_must_have_the_same_asset: 92,
  transfer_must_have_the_same_asset_as_accounts: 93,
  debit_account_closed: 94,
  credit_account_closed: 95,
  debit_account_frozen: 96,
  overflows_debits_pending: 100,
  overflows_credits_pending: 101,
  overflows_debits_posted: 102,
  overflows_credits_posted: 103,
  overflows_debits: 104,
  overflows_credits: 105,
  exceeds_credits: 106,
  exceeds_debits: 107,
  nothing_to_hold: 108,
  account_not_found: 110,
  account_flags_unchanged: 111,
  account_has_a_balance: 112,
  account_has_holds: 113,
} as const;

export type ResultName = keyof typeof RESULT;
export type ResultCode = (typeof RESULT)[ResultName];

const NAMES: ReadonlyMap<number, ResultName> = new Map(
  (Object.keys(RESULT) as ResultName[]).map((name) => [RESULT[name], name]),
);

/** The name of a result code; undefined for a number that is none. */
export function resultName(code: number): ResultName | undefined {
  return NAMES.get(code);
}

/** Whether the asked-for effect is in the books, from this record or from an earlier one with its id. */
export function isSuccess(code: number): boolean {
  return code === RESULT.ok || code === RESULT.exists;
}
