import { CONTROL_KINDS } from '../intents/index.ts';
import { areApart, conditionOf, isWithin, type Condition } from './condition.ts';
import { resolveLists } from './document.ts';
import { ADDRESS_BOOK, type PolicyDocument } from './policy-document-contract.ts';
import { DENIED, isAsStrict, NOTHING_MORE, requirementOf, type Requirement } from './requirement.ts';

/** A rule as it is compared; the two at the end of every policy say what holds when none matches. */
interface ComparedRule {
  readonly name: string;
  readonly condition: Condition;
  readonly requirement: Requirement;
}

/** A place where a change may let more through than before. */
export interface Loosening {
  /** The rule of the new policy that may decide; null: what is beside the rules. */
  readonly rule: string | null;
  /** The rule of the old policy that would have decided. */
  readonly before: string | null;
  readonly because: string;
}

const MAX_SENTENCE_LENGTH = 200;
const LOOSER_OUTCOME = 'It may decide where the other asked for more.';

/** Lists are the same when they hold the same, whatever they are called from. */
function listNames(document: PolicyDocument): ReadonlyMap<string, string> {
  const names = new Map([[ADDRESS_BOOK, ADDRESS_BOOK]]);
  for (const [name, addresses] of resolveLists(document.lists)) {
    names.set(name, [...addresses].sort().join(' '));
  }
  return names;
}

function comparedRules(document: PolicyDocument): readonly ComparedRule[] {
  const names = listNames(document);
  const content = (lists: readonly string[]) => lists.map((name) => names.get(name) ?? name);
  const rules = document.rules.map((rule) => {
    const { destination } = rule.when;
    const { in: within, notIn } = destination ?? {};
    const named = {
      ...destination,
      ...(within === undefined ? {} : { in: content(within) }),
      ...(notIn === undefined ? {} : { notIn: content(notIn) }),
    };
    const when = destination === undefined ? rule.when : { ...rule.when, destination: named };
    return {
      name: rule.name,
      condition: conditionOf({ ...rule, when }),
      requirement: requirementOf(rule.then),
    };
  });
  const spoken = new Set(document.rules.flatMap(({ when }) => when.kinds ?? []));
  const silent = CONTROL_KINDS.filter((kind) => !spoken.has(kind));
  const leftToManifest = new Map([['kind', { shape: 'one_of', values: new Set<string>(silent) }]] as const);
  return [
    ...rules,
    { name: 'left to the manifest', condition: leftToManifest, requirement: NOTHING_MORE },
    { name: 'no rule', condition: new Map(), requirement: DENIED },
  ];
}

/** The first rule that matches whatever this condition matches: no later one decides there. */
function firstCover(condition: Condition, rules: readonly ComparedRule[]): number {
  const index = rules.findIndex((rule) => isWithin(condition, rule.condition));
  return index === -1 ? rules.length : index;
}

function looserRules(before: readonly ComparedRule[], after: readonly ComparedRule[]): Loosening[] {
  const endBefore = after.map(({ condition }) => firstCover(condition, before));
  const endAfter = before.map(({ condition }) => firstCover(condition, after));
  const found: Loosening[] = [];
  after.forEach((rule, index) => {
    // Where this rule matches, no old rule after its first cover decided; where an old one matched, no new rule after
    // its first cover decides.
    const last = endBefore[index] ?? before.length;
    const old = before.find(
      (candidate, place) =>
        place <= last &&
        index <= (endAfter[place] ?? after.length) &&
        !isAsStrict(rule.requirement, candidate.requirement) &&
        !areApart(rule.condition, candidate.condition),
    );
    if (old !== undefined) found.push({ rule: rule.name, before: old.name, because: LOOSER_OUTCOME });
  });
  return found;
}

/**
 * Where a policy may let through what the one before would not. Empty only when the new one asks for as much in every
 * case that there can be, whatever the time; in doubt it is a loosening. Names, reasons and titles do not matter.
 */
export function loosenings(before: PolicyDocument, after: PolicyDocument): readonly Loosening[] {
  const found = looserRules(comparedRules(before), comparedRules(after));
  if (after.loosening.delayHours < before.loosening.delayHours) {
    const because = 'Looser policies would rest for a shorter time.';
    found.push({ rule: null, before: null, because });
  }
  if (after.addressBook.coolingOffHours < before.addressBook.coolingOffHours) {
    const because = 'New destinations would count as known sooner.';
    found.push({ rule: null, before: null, because });
  }
  return found;
}

/** What a loosening is, as people read it. */
export function looseningSentence({ rule, before, because }: Loosening): string {
  const text =
    rule === null ? because : `Rule “${rule}” may decide where “${before ?? ''}” did, and asks for less.`;
  return text.slice(0, MAX_SENTENCE_LENGTH);
}
