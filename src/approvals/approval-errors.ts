import type { ErrorEntry } from '../http/index.ts';
import type { ApprovalErrorCode } from './errors.ts';

/** How refusals of the queue look over HTTP. */
export const approvalErrorMap = {
  queued_intent_unknown: { status: 404, title: 'There is no such intent' },
  queued_intent_settled: { status: 409, title: 'The intent does not take this any more' },
  queued_intent_of_another: { status: 403, title: 'Somebody else asks for this' },
  queued_intent_not_signed: { status: 409, title: 'The intent is not signed yet' },
  queued_intent_damaged: { status: 500, title: 'The stored intent is damaged' },
  queued_intent_changed_meanwhile: { status: 409, title: 'The intent was changed meanwhile' },
  queued_intent_kind_unknown: { status: 422, title: 'Nobody carries out this kind of intent' },
  queued_intent_claimed: { status: 409, title: 'Somebody else looks after it' },
  approval_already_given: { status: 409, title: 'You have said so already' },
  approval_of_another: { status: 403, title: 'This is the word of somebody else' },
  approval_passkey_cloned: { status: 403, title: 'The passkey was copied' },
  approval_denied_by_policy: { status: 403, title: 'The policy denies this' },
} as const satisfies Readonly<Record<ApprovalErrorCode, ErrorEntry>>;
