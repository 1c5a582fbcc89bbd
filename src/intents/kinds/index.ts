import { satoshis, type CustomerId, type Satoshis } from '../../shared/index.ts';
import type { Intent, IntentKind, IntentOf } from '../intent-contract.ts';
import { breakerResetRules } from './breaker-reset.ts';
import { deepFreezeRules } from './deep-freeze.ts';
import { depositReleaseRules } from './deposit-release.ts';
import type { KindRules } from './kind-rules.ts';
import { legalHoldLiftRules } from './legal-hold-lift.ts';
import { masterLockRecoveryRules } from './master-lock-recovery.ts';
import { policyChangeRules } from './policy-change.ts';
import { releaseRules } from './release.ts';
import { withdrawalRules } from './withdrawal.ts';

export { beneficiaryLines, paymentsTotal } from './withdrawal.ts';

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
};

/** What holds for intents of this one's kind. */
export function rulesOf({ kind }: Intent): KindRules {
  return KINDS[kind];
}

/** What an intent says, in plain words, a sentence each; from its own bytes and nothing else. */
export function explainIntent(intent: Intent): readonly string[] {
  return rulesOf(intent).explain(intent);
}

/** The customer whose credentials sign for asking; nothing where staff ask with their key of the manifest. */
export function askingCustomer(intent: Intent): CustomerId | undefined {
  return rulesOf(intent).signedBy?.(intent);
}

/** The amount by which an intent's quorum is chosen: what leaves its customer, fee included; nothing where none does. */
export function amountAtStake(intent: Intent): Satoshis {
  return rulesOf(intent).atStake?.(intent) ?? satoshis(0n);
}
