import { hashStatement, hex } from '../intents/index.ts';
import { windowDimension, type KnownFacts } from './condition.ts';
import type { PolicyRule } from './policy-document-contract.ts';

const RULE_TAG = 'trilock/policy-rule/1';

/** A rule that begins, for one customer, at a higher amount. */
export interface Raise {
  readonly ruleHash: string;
  /** Up to and including this it does not count. */
  readonly satoshis: bigint;
}

/** Names what a rule says: another wording is another rule. */
export function ruleHashOf(rule: PolicyRule): string {
  return hex(hashStatement(RULE_TAG, rule));
}

/**
 * The amounts from which on a rule counts, by dimension: of one withdrawal, or of one customer's within a window.
 * Nothing when it is no limit of amounts alone: what it stops for another reason, no raise lets through.
 */
export function limitsOf({ when, then }: PolicyRule): ReadonlyMap<string, bigint> {
  const limits = new Map<string, bigint>();
  const { amountSatoshis, velocity = [], destination, riskScore, kinds } = when;
  const isAmountsOnly =
    then.outcome !== 'allow' &&
    destination === undefined &&
    riskScore === undefined &&
    kinds === undefined &&
    velocity.every(({ per, withdrawals }) => per === 'customer' && withdrawals === undefined);
  if (!isAmountsOnly) return limits;
  if (amountSatoshis?.from !== undefined) limits.set('amount', BigInt(amountSatoshis.from));
  for (const { per, hours, satoshis } of velocity) {
    if (satoshis?.from !== undefined)
      limits.set(windowDimension(per, hours, 'satoshis'), BigInt(satoshis.from));
  }
  return limits;
}

/** Whether a raise of this rule covers every amount that the rule limits. */
export function isRaised(
  rule: { readonly hash: string; readonly limits: ReadonlyMap<string, bigint> },
  facts: KnownFacts,
  raises: readonly Raise[],
): boolean {
  return raises.some(({ ruleHash, satoshis }) => {
    if (ruleHash !== rule.hash || rule.limits.size === 0) return false;
    return [...rule.limits.keys()].every((dimension) => {
      const measured = facts.get(dimension);
      return typeof measured === 'bigint' && measured <= satoshis;
    });
  });
}
