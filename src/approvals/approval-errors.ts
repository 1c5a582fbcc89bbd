import type { ErrorEntry } from '../http/index.ts';
import type { IntentErrorCode } from '../intents/index.ts';
import type { ApprovalErrorCode } from './errors.ts';

/** What an approver or a customer can be told about what they signed. */
type SignatureErrorCode = Extract<
  IntentErrorCode,
  | 'intent_expired'
  | 'intent_malformed'
  | 'intent_from_the_future'
  | 'intent_wrong_network'
  | 'signature_malformed'
  | 'signature_key_refused'
  | 'signature_wrong'
  | 'request_not_signed_by_customer'
  | 'approval_malformed'
  | 'approval_for_another_intent'
  | 'approver_unknown'
  | 'approver_is_requester'
  | 'approval_out_of_time'
  | 'limit_exceeded'
  | 'manifest_expired'
>;

/** How refusals of the queue look over HTTP. */
export const approvalErrorMap = {
  queued_intent_unknown: { status: 404, title: 'There is no such intent' },
  queued_intent_settled: { status: 409, title: 'The intent does not take this any more' },
  queued_intent_not_signed: { status: 409, title: 'The intent is not signed yet' },
  queued_intent_damaged: { status: 500, title: 'The stored intent is damaged' },
  queued_intent_changed_meanwhile: { status: 409, title: 'The intent was changed meanwhile' },
  queued_intent_kind_unknown: { status: 422, title: 'Nobody carries out this kind of intent' },
  approval_already_given: { status: 409, title: 'You have said so already' },
  approval_of_another: { status: 403, title: 'This is the word of somebody else' },
  approval_denied_by_policy: { status: 403, title: 'The policy denies this' },
  intent_expired: { status: 409, title: 'The intent has expired' },
  intent_malformed: { status: 422, title: 'The intent is malformed' },
  intent_from_the_future: { status: 422, title: 'The intent is from the future' },
  intent_wrong_network: { status: 422, title: 'The intent is for another network' },
  signature_malformed: { status: 422, title: 'The signature is malformed' },
  signature_key_refused: { status: 422, title: 'The key is not accepted' },
  signature_wrong: { status: 422, title: 'The signature is wrong' },
  request_not_signed_by_customer: { status: 422, title: 'It is not signed with a known credential' },
  approval_malformed: { status: 422, title: 'The approval is malformed' },
  approval_for_another_intent: { status: 422, title: 'The signature is for another intent' },
  approver_unknown: { status: 403, title: 'The manifest does not know this approver' },
  approver_is_requester: { status: 403, title: 'Whoever asks does not approve' },
  approval_out_of_time: { status: 422, title: 'It was signed outside the life of the intent' },
  limit_exceeded: { status: 403, title: 'The amount is beyond what may be approved' },
  manifest_expired: { status: 503, title: 'The manifest is not in force' },
} as const satisfies Readonly<Record<ApprovalErrorCode | SignatureErrorCode, ErrorEntry>>;
