import { DomainError } from '../shared/index.ts';

/** Why a wallet, a key of a pool, an address or a coin cannot be had. */
export type WalletErrorCode =
  | 'wallet_unknown'
  | 'wallet_not_open'
  | 'wallet_replaced'
  | 'wallet_plan_unsupported'
  | 'wallet_step_forbidden'
  | 'wallet_changed_meanwhile'
  | 'wallet_damaged'
  | 'customer_key_missing'
  | 'customer_key_unexpected'
  | 'signing_credential_missing'
  | 'signing_credential_taken'
  | 'credential_pin_malformed'
  | 'credential_pin_foreign'
  | 'credential_pin_stale'
  | 'treasury_missing'
  | 'treasury_exists'
  | 'address_unknown'
  | 'pool_file_malformed'
  | 'pool_key_refused'
  | 'pool_key_known'
  | 'coin_unavailable'
  | 'receipt_missing'
  | 'escrow_foreign'
  | 'ledger_account_refused';

export class WalletError extends DomainError<WalletErrorCode> {}
