import type { PolicyDocument, RuleCondition } from './policy-document-contract.ts';

/** One thing that must hold of one dimension of what is asked for. */
export type Constraint =
  /** Both bounds belong to it; null: none. */
  | { readonly shape: 'range'; readonly from: bigint | null; readonly upTo: bigint | null }
  /** The one value is among these. */
  | { readonly shape: 'one_of'; readonly values: ReadonlySet<string> }
  /** One at least of what it belongs to is among these. */
  | { readonly shape: 'any_of'; readonly values: ReadonlySet<string> }
  /** Nothing of what it belongs to is among these. */
  | { readonly shape: 'none_of'; readonly values: ReadonlySet<string> }
  /** Minutes of the day, the last not included; when `until` is before `from`, over midnight. */
  | { readonly shape: 'clock'; readonly from: number; readonly until: number };

/** By dimension; all must hold. */
export type Condition = ReadonlyMap<string, Constraint>;

/** What is known, by dimension. */
export type KnownFacts = ReadonlyMap<string, bigint | string | ReadonlySet<string>>;

/** The dimension of one window of payments. */
export function windowDimension(per: string, hours: number, measure: 'satoshis' | 'withdrawals'): string {
  return `velocity/${per}/${hours}/${measure}`;
}

interface Bounds {
  readonly from?: string | number | undefined;
  readonly upTo?: string | number | undefined;
}

function range({ from, upTo }: Bounds): Constraint {
  return {
    shape: 'range',
    from: from === undefined ? null : BigInt(from),
    upTo: upTo === undefined ? null : BigInt(upTo),
  };
}

function among(shape: 'one_of' | 'any_of' | 'none_of', values: readonly string[]): Constraint {
  return { shape, values: new Set(values) };
}

function minutes(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

function velocityParts(velocity: RuleCondition['velocity']): [string, Constraint][] {
  const parts: [string, Constraint][] = [];
  for (const { per, hours, satoshis, withdrawals } of velocity ?? []) {
    if (satoshis !== undefined) parts.push([windowDimension(per, hours, 'satoshis'), range(satoshis)]);
    if (withdrawals !== undefined)
      parts.push([windowDimension(per, hours, 'withdrawals'), range(withdrawals)]);
  }
  return parts;
}

function destinationParts(destination: RuleCondition['destination']): [string, Constraint][] {
  const parts: [string, Constraint][] = [];
  if (destination === undefined) return parts;
  const { own, ageHours, in: within, notIn, reputation } = destination;
  if (own !== undefined) parts.push(['own', among('one_of', [String(own)])]);
  if (ageHours !== undefined) parts.push(['age', range(ageHours)]);
  if (within !== undefined) parts.push(['lists/in', among('any_of', within)]);
  if (notIn !== undefined) parts.push(['lists/out', among('none_of', notIn)]);
  if (reputation !== undefined) parts.push(['reputation', among('one_of', reputation)]);
  return parts;
}

/** A rule's condition, and until when the rule exists, by dimension. */
export function conditionOf({
  when,
  expiresAt,
}: Pick<PolicyDocument['rules'][number], 'when' | 'expiresAt'>): Condition {
  const parts: [string, Constraint][] = [['kind', among('one_of', when.kinds ?? ['withdrawal'])]];
  const { amountSatoshis, assets, plans, balances, timeOfDay, initiators, customers, riskScore } = when;
  if (amountSatoshis !== undefined) parts.push(['amount', range(amountSatoshis)]);
  parts.push(...velocityParts(when.velocity), ...destinationParts(when.destination));
  const sets = { asset: assets, plan: plans, balance: balances, initiator: initiators, customer: customers };
  for (const [dimension, values] of Object.entries(sets)) {
    if (values !== undefined) parts.push([dimension, among('one_of', values)]);
  }
  if (timeOfDay !== undefined) {
    const { from, until } = timeOfDay;
    parts.push(['clock', { shape: 'clock', from: minutes(from), until: minutes(until) }]);
  }
  if (riskScore !== undefined) parts.push(['risk', range(riskScore)]);
  if (expiresAt !== undefined) parts.push(['now', range({ upTo: Date.parse(expiresAt) - 1 })]);
  return new Map(parts);
}

function inRange({ from, upTo }: Extract<Constraint, { shape: 'range' }>, value: bigint): boolean {
  return (from === null || value >= from) && (upTo === null || value <= upTo);
}

function intersects(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  for (const value of one) if (other.has(value)) return true;
  return false;
}

function onClock({ from, until }: Extract<Constraint, { shape: 'clock' }>, minute: bigint): boolean {
  const isAfter = minute >= BigInt(from);
  const isBefore = minute < BigInt(until);
  return from < until ? isAfter && isBefore : isAfter || isBefore;
}

function holds(constraint: Constraint, value: bigint | string | ReadonlySet<string>): boolean {
  if (constraint.shape === 'range' && typeof value === 'bigint') return inRange(constraint, value);
  if (constraint.shape === 'clock' && typeof value === 'bigint') return onClock(constraint, value);
  if (constraint.shape === 'one_of' && typeof value === 'string') return constraint.values.has(value);
  if (constraint.shape === 'any_of' && value instanceof Set) return intersects(constraint.values, value);
  if (constraint.shape === 'none_of' && value instanceof Set) return !intersects(constraint.values, value);
  throw new RangeError(`a fact is of another shape than ${constraint.shape}`);
}

/** Whether a condition holds. @throws RangeError for a fact that is needed and not known: nothing is assumed. */
export function matches(condition: Condition, facts: KnownFacts): boolean {
  for (const [dimension, constraint] of condition) {
    const value = facts.get(dimension);
    if (value === undefined) throw new RangeError(`nothing is known of ${dimension}`);
    if (!holds(constraint, value)) return false;
  }
  return true;
}

function rangeWithin(inner: Constraint, outer: Extract<Constraint, { shape: 'range' }>): boolean {
  if (inner.shape !== 'range') return false;
  const above = outer.from === null || (inner.from !== null && inner.from >= outer.from);
  const below = outer.upTo === null || (inner.upTo !== null && inner.upTo <= outer.upTo);
  return above && below;
}

function subset(inner: ReadonlySet<string>, outer: ReadonlySet<string>): boolean {
  for (const value of inner) if (!outer.has(value)) return false;
  return true;
}

/** Whether whatever satisfies `inner` satisfies `outer` for certain. */
function implies(inner: Constraint, outer: Constraint): boolean {
  switch (outer.shape) {
    case 'range':
      return rangeWithin(inner, outer);
    case 'one_of':
    case 'any_of':
      return inner.shape === outer.shape && subset(inner.values, outer.values);
    case 'none_of':
      return inner.shape === 'none_of' && subset(outer.values, inner.values);
    case 'clock':
      return inner.shape === 'clock' && inner.from === outer.from && inner.until === outer.until;
  }
}

/** Whether everything that `inner` matches is matched by `outer`, for certain. */
export function isWithin(inner: Condition, outer: Condition): boolean {
  for (const [dimension, constraint] of outer) {
    const own = inner.get(dimension);
    if (own === undefined || !implies(own, constraint)) return false;
  }
  return true;
}

function apart(one: Constraint, other: Constraint): boolean {
  if (one.shape === 'range' && other.shape === 'range') {
    const below = one.upTo !== null && other.from !== null && one.upTo < other.from;
    const above = one.from !== null && other.upTo !== null && one.from > other.upTo;
    return below || above;
  }
  return one.shape === 'one_of' && other.shape === 'one_of' && !intersects(one.values, other.values);
}

/** Whether nothing is matched by both, for certain. */
export function areApart(one: Condition, other: Condition): boolean {
  for (const [dimension, constraint] of one) {
    const theirs = other.get(dimension);
    if (theirs !== undefined && apart(constraint, theirs)) return true;
  }
  return false;
}
