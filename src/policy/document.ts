import { canonicalJson, type JsonValue } from '../shared/index.ts';
import { policyDocumentHash } from '../intents/index.ts';
import { PolicyError } from './errors.ts';
import { windowsOf } from './facts.ts';
import {
  ADDRESS_BOOK,
  MAX_POLICY_BYTES,
  policyDocumentSchema,
  type PolicyDocument,
  type PolicyList,
  type PolicyRule,
} from './policy-document-contract.ts';

/** Each is measured for every payee of every withdrawal. */
const MAX_WINDOWS = 24;

function conflict(message: string, details: Readonly<Record<string, string>>): never {
  throw new PolicyError('policy_conflicting', message, { details });
}

function requireDistinct(what: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) conflict(`Two ${what} have the same name.`, { name: twice });
}

function requireLists(rule: string, names: readonly string[], known: ReadonlySet<string>): void {
  const missing = names.find((name) => !known.has(name));
  if (missing !== undefined) conflict('A list that is named is not there.', { rule, list: missing });
}

/** Whatever lets single customers or destinations through is an exception, and ends by itself. */
export function isException({ when, then }: PolicyRule): boolean {
  const names = when.customers !== undefined || when.destination?.in?.some((list) => list !== ADDRESS_BOOK);
  return names === true && then.outcome !== 'deny';
}

/** What of a condition is not said of an intent that moves no coins. */
const ABOUT_ANY_KIND: ReadonlySet<string> = new Set(['kinds', 'timeOfDay', 'initiators']);

function checkRule(rule: PolicyRule, lists: ReadonlySet<string>): void {
  const { name, when, then, expiresAt } = rule;
  requireLists(name, [...(when.destination?.in ?? []), ...(when.destination?.notIn ?? [])], lists);
  const windows = (when.velocity ?? []).map(({ per, hours }) => `${per}, ${hours} hours`);
  const twice = windows.find((window, index) => windows.indexOf(window) !== index);
  if (twice !== undefined) conflict('A rule measures one window twice.', { rule: name, window: twice });
  if (isException(rule) && expiresAt === undefined) {
    conflict('An exception says when it ends.', { rule: name });
  }
  if (then.outcome === 'deny' && expiresAt !== undefined) {
    conflict('What is denied is not allowed by the mere passing of time.', { rule: name });
  }
  const concernsControl = when.kinds?.some((kind) => kind !== 'withdrawal') === true;
  const foreign = Object.keys(when).find((key) => !ABOUT_ANY_KIND.has(key));
  if (concernsControl && foreign !== undefined) {
    conflict('This is not known of intents that move no coins.', { rule: name, condition: foreign });
  }
}

/**
 * All addresses of each list, those of the lists that it includes too.
 * @throws PolicyError `policy_cyclic` for lists that include each other, `policy_conflicting` for one that is not there.
 */
export function resolveLists(lists: readonly PolicyList[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byName = new Map(lists.map((list) => [list.name, list]));
  const resolved = new Map<string, ReadonlySet<string>>();
  const resolve = (name: string, from: readonly string[]): ReadonlySet<string> => {
    const done = resolved.get(name);
    if (done !== undefined) return done;
    if (from.includes(name)) {
      throw new PolicyError('policy_cyclic', 'Lists include each other in a circle.', {
        details: { lists: [...from, name].join(', ') },
      });
    }
    const list = byName.get(name);
    if (list === undefined) conflict('A list that is included is not there.', { list: name });
    const path = [...from, name];
    const all = new Set([
      ...list.addresses,
      ...(list.includes ?? []).flatMap((other) => [...resolve(other, path)]),
    ]);
    resolved.set(name, all);
    return all;
  };
  for (const { name } of lists) resolve(name, []);
  return resolved;
}

/**
 * Reads a policy. Unknown fields are refused.
 * @throws PolicyError `policy_too_large`, `policy_malformed`, `policy_conflicting` for names used twice, lists that
 * are missing, exceptions without an end and conditions that can never be known; `policy_cyclic`.
 */
export function parsePolicyDocument(value: unknown): PolicyDocument {
  const parsed = policyDocumentSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new PolicyError('policy_malformed', 'This is not a policy.', {
      details: { path: issue?.path.join('.') ?? '', reason: issue?.message ?? '' },
    });
  }
  const document = parsed.data;
  if (Buffer.byteLength(policyText(document)) > MAX_POLICY_BYTES) {
    throw new PolicyError('policy_too_large', 'This policy is longer than anybody reads.', {
      details: { maxBytes: MAX_POLICY_BYTES },
    });
  }
  requireDistinct(
    'rules',
    document.rules.map(({ name }) => name),
  );
  requireDistinct('lists', [ADDRESS_BOOK, ...document.lists.map(({ name }) => name)]);
  const lists = resolveLists(document.lists);
  const known = new Set([ADDRESS_BOOK, ...lists.keys()]);
  for (const rule of document.rules) checkRule(rule, known);
  const windows = windowsOf(document).length;
  if (windows > MAX_WINDOWS) {
    throw new PolicyError('policy_too_large', 'A policy measures no more windows than this.', {
      details: { windows, maxWindows: MAX_WINDOWS },
    });
  }
  return document;
}

/** The one spelling of a policy. */
export function policyText(document: PolicyDocument): string {
  return canonicalJson(document as JsonValue);
}

/** Names a policy for ever: 32 bytes, hex. */
export function policyHash(document: PolicyDocument): string {
  return policyDocumentHash(document);
}
