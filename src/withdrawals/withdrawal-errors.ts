import type { BitcoinErrorCode } from '../bitcoin/index.ts';
import type { ErrorEntry } from '../http/index.ts';
import type { WithdrawalErrorCode } from './errors.ts';

/** What can be wrong with a PSBT that somebody hands in, or with a higher fee. */
export type SpendErrorCode = Extract<
  BitcoinErrorCode,
  | 'psbt_malformed'
  | 'psbt_too_large'
  | 'psbt_not_combinable'
  | 'signature_invalid'
  | 'signing_key_foreign'
  | 'sighash_type_refused'
  | 'replacement_not_possible'
  | 'fee_out_of_limits'
  | 'fee_rate_out_of_limits'
>;

/** How refusals of withdrawals look over HTTP. */
export const withdrawalErrorMap = {
  withdrawal_unknown: { status: 404, title: 'There is no such withdrawal' },
  withdrawal_step_forbidden: { status: 409, title: 'The withdrawal cannot take this step' },
  withdrawal_changed_meanwhile: { status: 409, title: 'The withdrawal was changed meanwhile' },
  withdrawal_destination_invalid: { status: 422, title: 'This cannot be paid' },
  withdrawal_destination_dust: { status: 422, title: 'The amount is too small to be paid' },
  withdrawal_source_missing: { status: 409, title: 'There is no open wallet for it' },
  withdrawal_fee_cap_too_low: { status: 422, title: 'The fee cap is too low' },
  withdrawal_fee_cap_too_high: { status: 422, title: 'The fee cap is too high' },
  withdrawal_damaged: { status: 500, title: 'The stored withdrawal is damaged' },
  withdrawal_not_signed: { status: 409, title: 'The withdrawal is not signed yet' },
  fee_bump_not_possible: { status: 409, title: 'The fee cannot be raised' },
  bundle_unknown: { status: 404, title: 'There is no such transaction' },
  bundle_not_awaited: { status: 409, title: 'The bundle is not waited for' },
  bundle_signature_missing: { status: 422, title: 'A signature is missing' },
  signer_answer_wrong: { status: 500, title: 'The signer signed something else' },
  second_signer_missing: { status: 503, title: 'There is no second signer' },
  ledger_refused: { status: 500, title: 'The ledger refused to book it' },
  psbt_malformed: { status: 422, title: 'The PSBT is malformed' },
  psbt_too_large: { status: 422, title: 'The PSBT is too large' },
  psbt_not_combinable: { status: 422, title: 'The PSBT is of another transaction' },
  signature_invalid: { status: 422, title: 'A signature is wrong' },
  signing_key_foreign: { status: 422, title: 'A signature is by a foreign key' },
  sighash_type_refused: { status: 422, title: 'A signature covers too little' },
  replacement_not_possible: { status: 409, title: 'The transaction cannot be replaced so' },
  fee_out_of_limits: { status: 409, title: 'The fee is beyond what was approved' },
  fee_rate_out_of_limits: { status: 422, title: 'The fee rate is out of bounds' },
} as const satisfies Readonly<Record<WithdrawalErrorCode | SpendErrorCode, ErrorEntry>>;
