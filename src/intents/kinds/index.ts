import { satoshis, type CustomerId, type Satoshis } from '../../shared/index.ts';
import type { Intent, IntentKind, IntentOf, SpendIntent } from '../intent-contract.ts';
import { breakerResetRules } from './breaker-reset.ts';
import { deepFreezeRules } from './deep-freeze.ts';
import { depositReleaseRules } from './deposit-release.ts';
import type { KindRules, Quorum } from './kind-rules.ts';
import { legalHoldLiftRules } from './legal-hold-lift.ts';
import { masterLockRecoveryRules } from './master-lock-recovery.ts';
import { policyChangeRules } from './policy-change.ts';
import { keyRotationRules } from './key-rotation.ts';
import { limitRaiseRules } from './limit-raise.ts';
import { webhookChangeRules } from './webhook-change.ts';
import { releaseRules } from './release.ts';
import { staffChangeRules } from './staff-change.ts';
import type { SpendRules, Stops } from './spend-rules.ts';
import { treasuryMoveRules, treasuryMoveSpend } from './treasury-move.ts';
import { withdrawalRules, withdrawalSpend } from './withdrawal.ts';

export { paymentsTotal } from './payments.ts';

/** Every kind of intent there is. */
const KINDS: { readonly [Kind in IntentKind]: KindRules<IntentOf<Kind>> } = {
  withdrawal: withdrawalRules,
  master_lock_recovery: masterLockRecoveryRules,
  release: releaseRules,
  deposit_release: depositReleaseRules,
  policy_change: policyChangeRules,
  deep_freeze: deepFreezeRules,
  legal_hold_lift: legalHoldLiftRules,
  breaker_reset: breakerResetRules,
  treasury_move: treasuryMoveRules,
  staff_change: staffChangeRules,
  webhook_change: webhookChangeRules,
  limit_raise: limitRaiseRules,
  key_rotation: keyRotationRules,
};

/** Every kind that a transaction carries out. */
const SPENDS: { readonly [Kind in SpendIntent['kind']]: SpendRules<IntentOf<Kind>> } = {
  withdrawal: withdrawalSpend,
  treasury_move: treasuryMoveSpend,
};

/** What holds for intents of this one's kind. */
export function rulesOf({ kind }: Intent): KindRules {
  return KINDS[kind];
}

/** What holds for transactions that carry out intents of this one's kind. */
export function spendRulesOf({ kind }: SpendIntent): SpendRules {
  return SPENDS[kind];
}

/** Whose restrictions stop an intent from being signed, and whether a tripped circuit breaker does. */
export function stopsOf(intent: SpendIntent): Stops {
  return spendRulesOf(intent).stops(intent);
}

/** What an intent says, in plain words, a sentence each; from its own bytes and nothing else. */
export function explainIntent(intent: Intent): readonly string[] {
  return rulesOf(intent).explain(intent);
}

/** What the approvals of an intent are counted by. */
export function quorumOf(intent: Intent): Quorum {
  const rules = rulesOf(intent);
  return rules.quorumFor?.(intent) ?? rules.quorum;
}

/** The customer whose credentials sign for asking; nothing where staff ask with their key of the manifest. */
export function askingCustomer(intent: Intent): CustomerId | undefined {
  return rulesOf(intent).signedBy?.(intent);
}

/** The amount by which an intent's quorum is chosen: what leaves its customer, fee included; nothing where none does. */
export function amountAtStake(intent: Intent): Satoshis {
  return rulesOf(intent).atStake?.(intent) ?? satoshis(0n);
}
