import type { NetworkName } from '../bitcoin/index.ts';
import { PLAN_KEYS, WALLET_PLANS, type CosignerRole, type WalletPlan } from '../intents/index.ts';
import type { CustomerId, WalletId } from '../shared/index.ts';
import { WalletError } from './errors.ts';

/**
 * How a wallet is opened. `requested`: somebody asked. `platform_key`: the signer has made its key, cold keys were
 * taken, the descriptor and its registration are fixed. `registered`: the signer has pinned the registration and
 * signed a receipt. `open`: its accounts are in the ledger and addresses may be given out.
 */
export const WALLET_STATES = ['requested', 'platform_key', 'registered', 'open', 'failed'] as const;
export type WalletState = (typeof WALLET_STATES)[number];

export const WALLET_COMMANDS = ['fixDescriptor', 'register', 'open', 'fail'] as const;
export type WalletCommand = (typeof WALLET_COMMANDS)[number];

/** What each command makes of each state; everything else is forbidden. */
export const WALLET_TABLE = {
  requested: { fixDescriptor: 'platform_key', fail: 'failed' },
  platform_key: { register: 'registered', fail: 'failed' },
  registered: { open: 'open' },
  open: {},
  failed: {},
} as const satisfies Record<WalletState, Partial<Record<WalletCommand, WalletState>>>;

/** @throws WalletError `wallet_step_forbidden`. */
export function nextWalletState(state: WalletState, command: WalletCommand): WalletState {
  const row: Partial<Record<WalletCommand, WalletState>> = WALLET_TABLE[state];
  const next = row[command];
  if (next !== undefined) return next;
  throw new WalletError('wallet_step_forbidden', `A wallet that is ${state} cannot take this step.`, {
    details: { state, command },
  });
}

export interface Wallet {
  readonly id: WalletId;
  /** Null for the institution's own. */
  readonly customerId: CustomerId | null;
  readonly network: NetworkName;
  readonly plan: WalletPlan;
  readonly label: string;
  readonly state: WalletState;
  readonly version: number;
  /** Canonical text; null until the keys are known. */
  readonly descriptor: string | null;
  readonly descriptorHash: string | null;
  /** The wallet of the same customer whose place this one takes. */
  readonly replaces: WalletId | null;
  readonly createdAt: Date;
  readonly openedAt: Date | null;
  /** Why it failed, or what it waits for. */
  readonly obstacle: string | null;
}

/** The plans that a customer can have. */
export const OPENABLE_PLANS = [
  'custodial',
  'collaborative',
  'self_custody',
] as const satisfies readonly WalletPlan[];
export type OpenablePlan = (typeof OPENABLE_PLANS)[number];

/** The plans of the institution's own wallets that can be opened. */
export type TreasuryPlan = Extract<WalletPlan, 'custodial' | 'treasury_hot'>;

/** @throws WalletError `wallet_plan_unsupported`. */
export function requireOpenable(plan: string): OpenablePlan {
  const found = OPENABLE_PLANS.find((candidate) => candidate === plan);
  if (found === undefined) {
    throw new WalletError('wallet_plan_unsupported', 'Wallets of this plan cannot be opened yet.', {
      details: { plan: plan.slice(0, 40), openable: OPENABLE_PLANS },
    });
  }
  return found;
}

export function isWalletPlan(text: string): text is WalletPlan {
  return (WALLET_PLANS as readonly string[]).includes(text);
}

/** How many account keys the customer brings. */
export function customerKeyCount(plan: WalletPlan): number {
  const roles: readonly CosignerRole[] = PLAN_KEYS[plan];
  return roles.filter((role) => role === 'customer').length;
}

/** The roles of a plan that come from the pools. */
export function pooledRoles(plan: WalletPlan): readonly ('cold' | 'backup')[] {
  const roles: readonly CosignerRole[] = PLAN_KEYS[plan];
  return roles.filter((role) => role === 'cold' || role === 'backup');
}
