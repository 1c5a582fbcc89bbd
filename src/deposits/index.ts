export { DepositError, type DepositErrorCode } from './errors.ts';
export { confirmationsFor, CONFIRMATION_RULES, DUST_LIMIT } from './confirmations.ts';
export { DEPOSIT_STATES, type Deposit, type DepositState } from './deposit.ts';
export { DepositFollower, WORKER_FOLLOWER, type FollowingParts } from './follow-deposits.ts';
export { registerDepositMetric } from './deposit-metrics.ts';
export { refusedDeposits, stepDeposits, type DepositParts } from './step-deposits.ts';
export { settleReceivables } from './settle-receivables.ts';
export { depositErrorMap, depositRoutes, type DepositRouteParts } from './deposit-routes.ts';
