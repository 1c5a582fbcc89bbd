import { conditionOf, matches, type Condition, type KnownFacts } from './condition.ts';
import { resolveLists } from './document.ts';
import {
  controlDimensions,
  paymentDimensions,
  windowsOf,
  type Facts,
  type PayeeFacts,
  type Window,
  type WithdrawalFacts,
} from './facts.ts';
import { ADDRESS_BOOK, type PolicyDocument } from './policy-document-contract.ts';
import { isRaised, limitsOf, ruleHashOf, type Raise } from './raisable.ts';
import { DENIED, NOTHING_MORE, requirementOf, strictest, type Requirement } from './requirement.ts';

interface CompiledRule {
  readonly name: string;
  readonly because: string;
  readonly condition: Condition;
  readonly requirement: Requirement;
  /** Names what it says. */
  readonly hash: string;
  /** The amounts from which on it counts, where amounts alone decide. */
  readonly limits: ReadonlyMap<string, bigint>;
}

/** A policy made ready to be asked often. */
export interface CompiledPolicy {
  readonly rules: readonly CompiledRule[];
  readonly windows: readonly Window[];
  /** Kinds that a rule speaks of; the manifest alone decides about the others that move no coins. */
  readonly kinds: ReadonlySet<string>;
  /** Which lists hold an address. */
  readonly listsOf: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Why something was decided. */
export interface Reason {
  /** The rule's name; null when no rule matched, or the customer's own wish decided. */
  readonly rule: string | null;
  readonly because: string;
  /** Which payee it is about; null when nothing is paid. */
  readonly address: string | null;
}

export interface Decision {
  readonly requirement: Requirement;
  /** Of the strictest: why it is denied, or every reason that asks for something. */
  readonly reasons: readonly [Reason, ...Reason[]];
}

function membership(document: PolicyDocument): ReadonlyMap<string, ReadonlySet<string>> {
  const listsOf = new Map<string, Set<string>>();
  for (const [name, addresses] of resolveLists(document.lists)) {
    for (const address of addresses) {
      const lists = listsOf.get(address) ?? new Set();
      listsOf.set(address, lists.add(name));
    }
  }
  return listsOf;
}

/** @throws PolicyError as `resolveLists`. */
export function compilePolicy(document: PolicyDocument): CompiledPolicy {
  return {
    rules: document.rules.map((rule) => ({
      name: rule.name,
      because: rule.because,
      condition: conditionOf(rule),
      requirement: requirementOf(rule.then),
      hash: ruleHashOf(rule),
      limits: limitsOf(rule),
    })),
    windows: windowsOf(document),
    kinds: new Set(document.rules.flatMap(({ when }) => when.kinds ?? ['withdrawal'])),
    listsOf: membership(document),
  };
}

const NO_RULE = 'No rule of the policy matches, and what no rule allows is denied.';
const NO_RULE_FOR_KIND = 'The policy has no rule for this kind; the manifest alone decides.';
const NOT_IN_BOOK = 'The customer lets payments go only to the address book, and this is not in it.';

function firstMatch(
  policy: CompiledPolicy,
  facts: KnownFacts,
  address: string | null,
  raised: readonly Raise[] = [],
): Decision {
  const rule = policy.rules.find(
    (entry) => matches(entry.condition, facts) && !isRaised(entry, facts, raised),
  );
  if (rule === undefined) {
    return { requirement: DENIED, reasons: [{ rule: null, because: NO_RULE, address }] };
  }
  const { name, because, requirement } = rule;
  return { requirement, reasons: [{ rule: name, because, address }] };
}

function judgePayment(policy: CompiledPolicy, facts: WithdrawalFacts, payee: PayeeFacts): Decision {
  const { address, own, known } = payee;
  if (facts.onlyKnown && !own && !known) {
    return { requirement: DENIED, reasons: [{ rule: null, because: NOT_IN_BOOK, address }] };
  }
  const listed = policy.listsOf.get(address) ?? [];
  const lists = new Set(known ? [...listed, ADDRESS_BOOK] : listed);
  const dimensions = paymentDimensions(facts, payee, policy.windows, lists);
  return firstMatch(policy, dimensions, address, facts.raised);
}

/** All decisions together: as strict as the strictest, for its reasons. */
export function strictestDecision([first, ...others]: readonly [Decision, ...Decision[]]): Decision {
  const all = [first, ...others];
  const requirement = strictest(all.map((decision) => decision.requirement));
  const telling = requirement.denied ? all.filter((decision) => decision.requirement.denied) : all;
  const [head = first, ...tail] = telling;
  return { requirement, reasons: [...head.reasons, ...tail.flatMap(({ reasons }) => reasons)] };
}

/**
 * What a policy asks for, besides the manifest. The first rule that matches decides; each payment of a withdrawal is
 * judged by itself, and the strictest answer counts for all. Pure.
 * @throws RangeError for a fact that a rule needs and that is not known.
 */
export function evaluate(policy: CompiledPolicy, facts: Facts): Decision {
  if (facts.kind !== 'withdrawal') {
    if (policy.kinds.has(facts.kind)) return firstMatch(policy, controlDimensions(facts), null);
    return {
      requirement: NOTHING_MORE,
      reasons: [{ rule: null, because: NO_RULE_FOR_KIND, address: null }],
    };
  }
  const [first, ...others] = facts.payees;
  if (first === undefined) {
    return { requirement: DENIED, reasons: [{ rule: null, because: NO_RULE, address: null }] };
  }
  return strictestDecision([
    judgePayment(policy, facts, first),
    ...others.map((payee) => judgePayment(policy, facts, payee)),
  ]);
}
