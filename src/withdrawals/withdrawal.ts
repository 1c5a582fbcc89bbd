import type { QueueState } from '../approvals/index.ts';
import type { CustomerId, IntentId, PayoutId, Satoshis, WalletId, WithdrawalId } from '../shared/index.ts';
import { WithdrawalError } from './errors.ts';
import type { WithdrawalState } from './withdrawal-states-contract.ts';

export { WITHDRAWAL_STATES, type WithdrawalState } from './withdrawal-states-contract.ts';

export const WITHDRAWAL_COMMANDS = [
  'screen',
  'quarantine',
  'release',
  'queue',
  'approve',
  'cool',
  'park',
  'build',
  'present',
  'unbuild',
  'sign',
  'broadcast',
  'confirm',
  'unconfirm',
  'conflict',
  'reinstate',
  'reject',
  'cancel',
  'expire',
  'fail',
] as const;
export type WithdrawalCommand = (typeof WITHDRAWAL_COMMANDS)[number];

const ENDINGS = { reject: 'rejected', cancel: 'cancelled', expire: 'expired' } as const;

/** State, command, next. What is not here is refused. */
export const WITHDRAWAL_TABLE = {
  requested: { ...ENDINGS, screen: 'screened', fail: 'failed' },
  screened: { ...ENDINGS, queue: 'awaiting_approval', quarantine: 'quarantined' },
  quarantined: { ...ENDINGS, release: 'screened' },
  awaiting_approval: { ...ENDINGS, approve: 'approved', quarantine: 'quarantined' },
  approved: { ...ENDINGS, cool: 'cooling_off', build: 'built', park: 'awaiting_approval', fail: 'failed' },
  cooling_off: { ...ENDINGS, build: 'built', park: 'awaiting_approval', fail: 'failed' },
  built: { ...ENDINGS, present: 'awaiting_cosigner', unbuild: 'approved', fail: 'failed' },
  awaiting_cosigner: { ...ENDINGS, sign: 'platform_signed', unbuild: 'approved', fail: 'failed' },
  platform_signed: { broadcast: 'broadcast', conflict: 'replaced' },
  broadcast: { confirm: 'confirmed', conflict: 'replaced' },
  confirmed: { unconfirm: 'broadcast' },
  replaced: { reinstate: 'broadcast' },
  rejected: {},
  cancelled: {},
  expired: {},
  failed: {},
} as const satisfies Record<WithdrawalState, Partial<Record<WithdrawalCommand, WithdrawalState>>>;

export interface Withdrawal {
  readonly id: WithdrawalId;
  readonly intentId: IntentId;
  readonly customerId: CustomerId;
  readonly walletId: WalletId;
  readonly balance: 'vault' | 'spending';
  readonly destination: 'address' | 'vault' | 'spending';
  readonly amount: Satoshis;
  readonly maxFee: Satoshis;
  readonly state: WithdrawalState;
  readonly version: number;
  readonly payoutId: PayoutId | null;
  readonly intentVersion: number;
  readonly presented: boolean;
  /** It shares no payout with others. */
  readonly alone: boolean;
  readonly coolUntil: Date | null;
  readonly quarantineReason: string | null;
  readonly endReason: string | null;
  readonly hindrance: string | null;
  readonly failures: number;
  readonly confirmedCycle: number;
  readonly bookedAmount: Satoshis | null;
  readonly createdAt: Date;
  readonly changedAt: Date;
}

/** What commands depend on besides the state. */
export interface WithdrawalFacts {
  /** Where its intent stands in the approval queue. */
  readonly intent: QueueState;
  /** The signer may have been asked, so a platform signature may exist. */
  readonly signerAsked: boolean;
  /** The signer has said that it never signed the intent and never will. */
  readonly revoked: boolean;
  /** The signer has said that it never signed its payout and never will. */
  readonly abandoned: boolean;
  /** The time to cool off is over, or there is none. */
  readonly cooled: boolean;
}

const INTENT_MUST_BE: Partial<Record<WithdrawalCommand, readonly QueueState[]>> = {
  screen: ['open', 'approved'],
  approve: ['approved'],
  cool: ['approved'],
  park: ['open'],
  build: ['approved'],
  present: ['approved'],
  sign: ['executed'],
  reject: ['rejected'],
  cancel: ['cancelled'],
  expire: ['expired'],
};

function forbidden(state: WithdrawalState, command: WithdrawalCommand, reason: string): never {
  throw new WithdrawalError('withdrawal_step_forbidden', reason, { details: { state, command } });
}

/**
 * The state after a command. @throws WithdrawalError `withdrawal_step_forbidden`: the state does not take it, its
 * intent does not say so, or a platform signature may exist.
 */
export function decide(
  { state, presented }: Pick<Withdrawal, 'state' | 'presented'>,
  command: WithdrawalCommand,
  facts: WithdrawalFacts,
): WithdrawalState {
  const row: Partial<Record<WithdrawalCommand, WithdrawalState>> = WITHDRAWAL_TABLE[state];
  const next = row[command];
  if (next === undefined) forbidden(state, command, `A withdrawal that is ${state} cannot take this step.`);
  const allowed = INTENT_MUST_BE[command];
  if (allowed !== undefined && !allowed.includes(facts.intent)) {
    forbidden(state, command, `Its intent is ${facts.intent}.`);
  }
  if (command === 'build' && !facts.cooled) forbidden(state, command, 'It is cooling off.');
  if (command === 'unbuild' && facts.signerAsked && !facts.abandoned) {
    forbidden(state, command, 'The signer may have signed it.');
  }
  const ends = command in ENDINGS || command === 'fail';
  if (ends && (presented || facts.signerAsked) && !facts.revoked) {
    forbidden(state, command, 'The signer has not revoked it yet.');
  }
  return next;
}

/** Whether nothing can change any more. */
export function hasEnded(state: WithdrawalState): boolean {
  return Object.keys(WITHDRAWAL_TABLE[state]).length === 0;
}
