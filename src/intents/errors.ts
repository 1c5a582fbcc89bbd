import { DomainError } from '../shared/index.ts';

/** Why an intent, an approval or a manifest is not accepted. */
export type IntentErrorCode =
  | 'intent_malformed'
  | 'intent_wrong_network'
  | 'intent_expired'
  | 'intent_from_the_future'
  | 'signature_malformed'
  | 'signature_key_refused'
  | 'signature_wrong'
  | 'request_not_signed_by_customer'
  | 'approval_malformed'
  | 'approval_for_another_intent'
  | 'approver_unknown'
  | 'approver_is_requester'
  | 'approval_out_of_time'
  | 'approvals_insufficient'
  | 'approval_rejected'
  | 'limit_exceeded'
  | 'key_attestation_malformed'
  | 'key_attested_by_stranger'
  | 'key_of_another_network'
  | 'registration_malformed'
  | 'registration_keys_differ'
  | 'receipt_malformed'
  | 'receipt_for_another_registration'
  | 'receipt_signed_by_stranger'
  | 'bundle_malformed'
  | 'bundle_for_another_wallet'
  | 'manifest_malformed'
  | 'manifest_not_signed'
  | 'manifest_expired'
  | 'manifest_rolled_back'
  | 'manifest_wrong_network';

export class IntentError extends DomainError<IntentErrorCode> {}
