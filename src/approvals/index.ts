export { type ApprovalPolicy, type PolicyOutcome } from './approval-policy.ts';
export {
  ApprovalQueue,
  type ApprovalQueueParts,
  type IntentKindBehaviour,
  type QueueActor,
} from './approval-queue.ts';
export { approvalErrorMap } from './approval-errors.ts';
export { approvalRoutes } from './approval-routes.ts';
export { countingApprovals } from './count-approvals.ts';
export { ApprovalError, type ApprovalErrorCode } from './errors.ts';
export { expireIntents } from './expire-intents.ts';
export { requestActor } from './request-actor.ts';
export { findIntent } from './intent-store.ts';
export { isSettled, type QueueState, type StoredIntent } from './stored-intent.ts';
