import type { BitcoinErrorCode } from '../bitcoin/index.ts';
import type { ErrorMap } from '../http/index.ts';
import type { IntentErrorCode } from '../intents/index.ts';

const manifestAway = { status: 503, title: 'There is no officers’ manifest in force' } as const;

/** Codes about signed statements that callers bring: intents, approvals, keys, registrations. */
export const intentErrorMap = {
  intent_malformed: { status: 422, title: 'The intent is malformed' },
  intent_wrong_network: { status: 422, title: 'The intent is for another network' },
  intent_expired: { status: 409, title: 'The intent has expired' },
  intent_from_the_future: { status: 422, title: 'The intent is dated in the future' },
  signature_malformed: { status: 422, title: 'The signature is malformed' },
  signature_key_refused: { status: 422, title: 'The key is not accepted' },
  signature_wrong: { status: 422, title: 'The signature is wrong' },
  request_not_signed_by_customer: { status: 403, title: 'The customer has not signed this' },
  approval_malformed: { status: 422, title: 'The approval is malformed' },
  approval_for_another_intent: { status: 422, title: 'The approval is for another intent' },
  approver_unknown: { status: 403, title: 'The approver is not in the manifest' },
  approver_is_requester: { status: 403, title: 'Nobody approves what they asked for' },
  approval_out_of_time: { status: 409, title: 'The approval is not of its time' },
  delegation_refused: { status: 403, title: 'The delegation does not serve here' },
  approvals_insufficient: { status: 409, title: 'Approvals are missing' },
  approval_rejected: { status: 409, title: 'It was rejected' },
  kind_not_allowed: { status: 409, title: 'Nobody may approve an intent of this kind' },
  travel_rule_missing: { status: 422, title: 'The withdrawal must say who gets it' },
  limit_exceeded: { status: 409, title: 'A limit is exceeded' },
  key_attestation_malformed: { status: 422, title: 'The attestation of the key is malformed' },
  key_attested_by_stranger: { status: 422, title: 'Nobody trusted attested the key' },
  key_of_another_network: { status: 422, title: 'The key is for another network' },
  registration_malformed: { status: 422, title: 'The registration is malformed' },
  registration_keys_differ: { status: 409, title: 'The keys are not those of the plan' },
  receipt_malformed: { status: 422, title: 'The receipt is malformed' },
  receipt_for_another_registration: { status: 409, title: 'The receipt is for another registration' },
  receipt_signed_by_stranger: { status: 409, title: 'No signer of the manifest gave the receipt' },
  abandonment_wrong: { status: 409, title: 'The second signer has not given it up' },
  bundle_malformed: { status: 422, title: 'The bundle is malformed' },
  bundle_for_another_wallet: { status: 422, title: 'The bundle is for another wallet' },
  customer_key_malformed: { status: 422, title: 'The customer’s key is malformed' },
  customer_key_foreign: { status: 422, title: 'The key is not the customer’s key of the wallet' },
  master_lock_malformed: { status: 422, title: 'The master lock is malformed' },
  master_lock_not_vouched_for: { status: 403, title: 'The master lock before has not signed' },
  transport_malformed: { status: 422, title: 'The transport is malformed' },
  transport_by_stranger: { status: 422, title: 'No known signer asks for the keys' },
  statement_malformed: { status: 422, title: 'The statement is malformed' },
  statement_for_another_purpose: { status: 422, title: 'The statement is for something else' },
  statement_out_of_time: { status: 409, title: 'The statement is not of its time' },
  child_malformed: { status: 422, title: 'The child is none of its parent' },
  coins_differ: { status: 409, title: 'It spends other coins than its intent names' },
  move_not_pinned: { status: 409, title: 'It is no move between the pinned treasury wallets' },
  refill_not_allowed: { status: 409, title: 'The second signer has not allowed the refill' },
  hot_cap_exceeded: { status: 409, title: 'The hot wallet would hold more than its share' },
  variant_malformed: { status: 422, title: 'A fee variant is more than the same payout at a higher fee' },
  fee_share_exceeded: { status: 409, title: 'The fee is beyond what one of its intents allows' },
  checkpoint_malformed: { status: 422, title: 'The checkpoint is malformed' },
  checkpoint_signed_by_stranger: { status: 422, title: 'The checkpoint is not of a trusted signer' },
  manifest_malformed: manifestAway,
  manifest_not_signed: manifestAway,
  manifest_expired: manifestAway,
  manifest_rolled_back: manifestAway,
  manifest_wrong_network: manifestAway,
} as const satisfies ErrorMap<IntentErrorCode>;

const keyWrong = { status: 422, title: 'The key is not acceptable' } as const;

/** Codes about keys that callers bring. */
export const keyErrorMap = {
  public_key_invalid: keyWrong,
  extended_key_malformed: keyWrong,
  extended_key_wrong_network: keyWrong,
  private_key_refused: { status: 422, title: 'A private key was sent; treat it as lost' },
  key_origin_malformed: keyWrong,
  key_origin_mismatch: keyWrong,
  derivation_path_malformed: keyWrong,
  derivation_path_unsupported: keyWrong,
  possession_statement_malformed: { status: 422, title: 'The proof of possession is malformed' },
  possession_proof_invalid: { status: 422, title: 'Possession of the key is not proven' },
  descriptor_key_duplicate: keyWrong,
} as const satisfies Partial<ErrorMap<BitcoinErrorCode>>;
