import type { PolicyDocument, PolicyRule } from '../../src/policy/policy-document-contract.ts';

/** A rule that allows whatever its condition says. */
export function rule(name: string, change: Partial<PolicyRule> = {}): PolicyRule {
  return { name, because: `Since ${name}.`, when: {}, then: { outcome: 'allow' }, ...change };
}

/** A policy of these rules. */
export function policyOf(rules: readonly PolicyRule[], change: Partial<PolicyDocument> = {}): PolicyDocument {
  return {
    format: 1,
    title: 'A policy of a test',
    loosening: { delayHours: 24 },
    addressBook: { coolingOffHours: 24 },
    lists: [],
    rules: [...rules],
    ...change,
  };
}
