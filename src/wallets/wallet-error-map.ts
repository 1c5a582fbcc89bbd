import type { ErrorMap } from '../http/index.ts';
import type { WalletErrorCode } from './errors.ts';

/** This context's part of the error map. */
export const walletErrorMap = {
  wallet_unknown: { status: 404, title: 'There is no such wallet' },
  wallet_replaced: { status: 409, title: 'The wallet was replaced by another' },
  wallet_not_open: { status: 409, title: 'The wallet is not open' },
  wallet_plan_unsupported: { status: 422, title: 'The plan cannot be opened' },
  wallet_step_forbidden: { status: 409, title: 'The wallet cannot take this step' },
  wallet_changed_meanwhile: { status: 409, title: 'The wallet was changed meanwhile' },
  wallet_damaged: { status: 500, title: 'The stored wallet is damaged' },
  customer_key_missing: { status: 422, title: 'The customer’s own key is missing' },
  customer_key_unexpected: { status: 422, title: 'The plan has no key of the customer' },
  signing_credential_missing: { status: 409, title: 'There is no key to sign requests with' },
  signing_credential_taken: { status: 409, title: 'The credential is known already' },
  credential_pin_malformed: { status: 422, title: 'The statement of the credential is malformed' },
  credential_pin_foreign: { status: 422, title: 'The statement does not pin this credential' },
  credential_pin_stale: { status: 422, title: 'The statement is not of now' },
  treasury_missing: { status: 409, title: 'There is no treasury yet' },
  treasury_exists: { status: 409, title: 'There is a treasury already' },
  address_unknown: { status: 404, title: 'There is no such address' },
  pool_file_malformed: { status: 422, title: 'The pool file is malformed' },
  pool_key_refused: { status: 422, title: 'A key of the pool is refused' },
  pool_key_known: { status: 409, title: 'A key is known already' },
  coin_unavailable: { status: 409, title: 'A coin is not available' },
  escrow_foreign: { status: 422, title: 'The envelope is not of this wallet' },
  receipt_missing: { status: 409, title: 'The signer has not registered the wallet' },
  ledger_account_refused: { status: 500, title: 'The ledger refused an account' },
} as const satisfies ErrorMap<WalletErrorCode>;
