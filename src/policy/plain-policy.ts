import type { ApprovalPolicy, PolicyOutcome } from '../approvals/index.ts';
import {
  amountAtStake,
  ruleFor,
  IntentError,
  type Intent,
  type IntentErrorCode,
  type Manifest,
  type QuorumRule,
} from '../intents/index.ts';
import type { Satoshis } from '../shared/index.ts';

/** For amounts up to a bound: how many people must approve, and how long it then rests. */
export interface Threshold {
  /** Null: any amount. */
  readonly upTo: Satoshis | null;
  readonly approvals: number;
  readonly coolingOffMs: number;
}

export interface PlainPolicyOptions {
  readonly version: number;
  /** In rising order. An amount above the last bound is denied, and so is everything when there is none. */
  readonly thresholds: readonly Threshold[];
}

/** What the manifest says of an intent that nobody may approve. */
const NOBODY: ReadonlySet<string> = new Set<IntentErrorCode>(['limit_exceeded', 'kind_not_allowed']);

function manifestRule(manifest: Manifest, intent: Intent): QuorumRule | undefined {
  try {
    return ruleFor(intent, manifest);
  } catch (thrown) {
    if (thrown instanceof IntentError && NOBODY.has(thrown.code)) return undefined;
    throw thrown;
  }
}

/**
 * What amounts alone decide; what moves no coins is left to the manifest. Never weaker than the manifest: of both
 * numbers of approvals, the greater counts.
 */
function evaluate(thresholds: readonly Threshold[], intent: Intent, manifest: Manifest): PolicyOutcome {
  const rule = manifestRule(manifest, intent);
  if (intent.kind !== 'withdrawal') {
    if (rule !== undefined) return { outcome: 'approvals', rule, coolingOffMs: 0 };
    return { outcome: 'deny', reason: 'The manifest allows nobody to approve such an intent.' };
  }
  const amount = amountAtStake(intent);
  const threshold = thresholds.find(({ upTo }) => upTo === null || amount <= upTo);
  if (threshold === undefined) return { outcome: 'deny', reason: 'No rule allows an amount like this.' };
  if (rule === undefined) {
    return { outcome: 'deny', reason: 'The manifest allows nobody to approve an amount like this.' };
  }
  return {
    outcome: 'approvals',
    rule: { ...rule, approvals: Math.max(rule.approvals, threshold.approvals) },
    coolingOffMs: threshold.coolingOffMs,
  };
}

/** The default policy: thresholds by amount. @throws RangeError for thresholds that are not in rising order. */
export function plainPolicy({ version, thresholds }: PlainPolicyOptions): ApprovalPolicy {
  thresholds.forEach(({ upTo, approvals, coolingOffMs }, index) => {
    const before = thresholds[index - 1];
    const rises = before === undefined || (before.upTo !== null && (upTo === null || upTo > before.upTo));
    if (!rises || approvals < 1 || coolingOffMs < 0) {
      throw new RangeError('thresholds rise, and ask for an approval at least');
    }
  });
  return {
    version,
    evaluate: (intent, manifest) => evaluate(thresholds, intent, manifest),
  };
}
