import type { IntentKind } from '../intents/index.ts';
import type { Satoshis } from '../shared/index.ts';
import { windowDimension, type KnownFacts } from './condition.ts';
import type { Raise } from './raisable.ts';
import type { PolicyDocument, Reputation } from './policy-document-contract.ts';

/** A window of past withdrawals, the one that is judged included. */
export interface Flow {
  readonly satoshis: bigint;
  readonly withdrawals: number;
}

/** What a policy measures: per whom, over how many hours. */
export interface Window {
  readonly per: 'customer' | 'destination' | 'global';
  readonly hours: number;
}

/** What is known of one payee. */
export interface PayeeFacts {
  readonly address: string;
  /** An address of the customer's own other balance. */
  readonly own: boolean;
  /** Since the customer first paid it or put it into the address book; 0 for a new one. */
  readonly ageHours: number;
  /** In the customer's address book, and cooled off. */
  readonly known: boolean;
  readonly reputation: Reputation;
}

/** What is known of a withdrawal when it is judged. */
export interface WithdrawalFacts {
  readonly kind: 'withdrawal';
  readonly nowMs: number;
  readonly askedAtMs: number;
  readonly initiator: 'customer' | 'staff';
  readonly customer: string;
  /** Payments and the highest network fee. */
  readonly amount: Satoshis;
  readonly balance: 'vault' | 'spending';
  readonly plan: string;
  /** Null when nobody has judged the customer. */
  readonly riskScore: number | null;
  /** The customer lets nothing go elsewhere than to the address book. */
  readonly onlyKnown: boolean;
  readonly payees: readonly PayeeFacts[];
  /** Limits that begin at a higher amount for this customer. */
  readonly raised?: readonly Raise[];
  /** @param address For a window per destination. */
  flow(window: Window, address: string): Flow;
}

/** What is known of an intent that moves no coins. */
export interface ControlFacts {
  readonly kind: Exclude<IntentKind, 'withdrawal'>;
  readonly nowMs: number;
  readonly askedAtMs: number;
  readonly initiator: 'customer' | 'staff';
}

export type Facts = WithdrawalFacts | ControlFacts;

/** Nobody has judged the customer: as bad as it gets. */
const HIGHEST_RISK = 100;
const MINUTE_MS = 60_000;
const MINUTES_A_DAY = 24 * 60;

/** Every window that a policy measures, once. */
export function windowsOf({ rules }: Pick<PolicyDocument, 'rules'>): readonly Window[] {
  const windows = new Map<string, Window>();
  for (const { when } of rules) {
    for (const { per, hours } of when.velocity ?? []) windows.set(`${per}/${hours}`, { per, hours });
  }
  return [...windows.values()];
}

function common({ kind, nowMs, askedAtMs, initiator }: Facts): [string, bigint | string][] {
  const minute = Math.floor(askedAtMs / MINUTE_MS) % MINUTES_A_DAY;
  return [
    ['kind', kind],
    ['now', BigInt(nowMs)],
    ['clock', BigInt(minute)],
    ['initiator', initiator],
  ];
}

/** What rules ask of an intent that moves no coins. */
export function controlDimensions(facts: ControlFacts): KnownFacts {
  return new Map(common(facts));
}

/** What rules ask of one payment of a withdrawal. @param lists Which of the policy's lists hold the address. */
export function paymentDimensions(
  facts: WithdrawalFacts,
  payee: PayeeFacts,
  windows: readonly Window[],
  lists: ReadonlySet<string>,
): KnownFacts {
  const known = new Map<string, bigint | string | ReadonlySet<string>>(common(facts));
  known.set('amount', facts.amount);
  known.set('asset', 'bitcoin');
  known.set('plan', facts.plan);
  known.set('balance', facts.balance);
  known.set('customer', facts.customer);
  known.set('risk', BigInt(facts.riskScore ?? HIGHEST_RISK));
  known.set('own', String(payee.own));
  known.set('age', BigInt(payee.ageHours));
  known.set('reputation', payee.reputation);
  known.set('lists/in', lists);
  known.set('lists/out', lists);
  for (const window of windows) {
    const { satoshis, withdrawals } = facts.flow(window, payee.address);
    known.set(windowDimension(window.per, window.hours, 'satoshis'), satoshis);
    known.set(windowDimension(window.per, window.hours, 'withdrawals'), BigInt(withdrawals));
  }
  return known;
}
