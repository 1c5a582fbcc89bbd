import { evaluate, type CompiledPolicy, type Decision } from './evaluate.ts';
import type { Flow, Window } from './facts.ts';
import { factsAt, flowKey, type RecordedFacts } from './facts-record.ts';
import { isAsStrict } from './requirement.ts';

const HOUR_MS = 3_600_000;

/** A withdrawal as it was judged once. */
export interface PastWithdrawal {
  readonly intent: string;
  readonly judgedAtMs: number;
  /** Denied, or ended unpaid: it is judged, but not measured. */
  readonly ended: boolean;
  readonly facts: RecordedFacts;
}

/** One that would be decided otherwise. */
export interface Difference {
  readonly intent: string;
  readonly judgedAtMs: number;
  readonly before: Decision;
  readonly after: Decision;
}

/** The sums that the database keeps, for a history that is walked through in order. */
class Flows {
  readonly #sums = new Map<string, Map<number, { satoshis: bigint; withdrawals: number }>>();

  add(key: string, atMs: number, satoshis: bigint): void {
    const hours = this.#sums.get(key) ?? new Map<number, { satoshis: bigint; withdrawals: number }>();
    const hour = Math.floor(atMs / HOUR_MS);
    const sum = hours.get(hour) ?? { satoshis: 0n, withdrawals: 0 };
    hours.set(hour, { satoshis: sum.satoshis + satoshis, withdrawals: sum.withdrawals + 1 });
    this.#sums.set(key, hours);
  }

  since(key: string, atMs: number, hours: number): Flow {
    const first = Math.floor((atMs - hours * HOUR_MS) / HOUR_MS);
    let satoshis = 0n;
    let withdrawals = 0;
    for (const [hour, sum] of this.#sums.get(key) ?? []) {
      if (hour < first) continue;
      satoshis += sum.satoshis;
      withdrawals += sum.withdrawals;
    }
    return { satoshis, withdrawals };
  }
}

function sumKey(per: Window['per'], customer: string, address: string): string {
  return { customer: `customer ${customer}`, destination: `destination ${address}`, global: 'global' }[per];
}

function measured(
  flows: Flows,
  { facts, judgedAtMs }: PastWithdrawal,
  windows: readonly Window[],
): ReadonlyMap<string, Flow> {
  const found = new Map<string, Flow>();
  for (const window of windows) {
    const { per, hours } = window;
    for (const { address, satoshis: paid } of facts.payees) {
      const past = flows.since(sumKey(per, facts.customer, address), judgedAtMs, hours);
      found.set(flowKey(window, address), {
        satoshis: past.satoshis + (per === 'destination' ? paid : facts.amount),
        withdrawals: past.withdrawals + 1,
      });
    }
  }
  return found;
}

/**
 * Judges past withdrawals, in the order in which they were judged, by two policies: with what was known of each then,
 * and with windows measured anew, so that a draft may measure what nobody measured before.
 * @param fromMs Earlier ones are only measured.
 * @returns how many were judged, and those that the second would decide otherwise.
 */
export function replay(
  before: CompiledPolicy,
  after: CompiledPolicy,
  history: Iterable<PastWithdrawal>,
  fromMs: number,
): { readonly judged: number; readonly differences: readonly Difference[] } {
  const flows = new Flows();
  const windows = [...before.windows, ...after.windows];
  const differences: Difference[] = [];
  let judged = 0;
  for (const past of history) {
    const { intent, judgedAtMs, facts } = past;
    if (judgedAtMs >= fromMs) {
      judged += 1;
      const known = factsAt({ ...facts, flows: measured(flows, past, windows) }, judgedAtMs);
      const [then, now] = [evaluate(before, known), evaluate(after, known)];
      const same =
        isAsStrict(then.requirement, now.requirement) && isAsStrict(now.requirement, then.requirement);
      if (!same) differences.push({ intent, judgedAtMs, before: then, after: now });
    }
    if (past.ended) continue;
    flows.add(sumKey('global', '', ''), judgedAtMs, facts.amount);
    flows.add(sumKey('customer', facts.customer, ''), judgedAtMs, facts.amount);
    for (const { address, satoshis } of facts.payees) {
      flows.add(sumKey('destination', '', address), judgedAtMs, satoshis);
    }
  }
  return { judged, differences };
}
