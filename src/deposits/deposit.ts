import type { CustomerId, Id, IntentId, Satoshis, WalletId } from '../shared/index.ts';
import { DepositError } from './errors.ts';

/**
 * What the books say of a deposit. `detected`: nothing yet. `confirming`: pending, not spendable. `credited`: in
 * the balance. `quarantined`: in suspense. `dropped`: it left the chain and was never credited. `reversed`: it was
 * credited, left the chain, and was taken back; what was spent meanwhile is owed.
 */
export const DEPOSIT_STATES = [
  'detected',
  'confirming',
  'credited',
  'quarantined',
  'dropped',
  'reversed',
] as const;
export type DepositState = (typeof DEPOSIT_STATES)[number];

export const DEPOSIT_STEPS = [
  'hold',
  'drop',
  'credit',
  'quarantine',
  'unquarantine',
  'reverse',
  'recredit',
  'set_apart',
  'release',
] as const;
export type DepositStep = (typeof DEPOSIT_STEPS)[number];

/** What each step of the books makes of each state; everything else is forbidden. */
export const DEPOSIT_TABLE = {
  detected: { hold: 'confirming', set_apart: 'quarantined' },
  confirming: { credit: 'credited', quarantine: 'quarantined', drop: 'dropped' },
  credited: { reverse: 'reversed' },
  quarantined: { unquarantine: 'dropped', release: 'credited' },
  dropped: { hold: 'confirming', set_apart: 'quarantined' },
  reversed: { recredit: 'credited', set_apart: 'quarantined' },
} as const satisfies Record<DepositState, Partial<Record<DepositStep, DepositState>>>;

/** @throws DepositError `deposit_step_forbidden`. */
export function nextDepositState(state: DepositState, step: DepositStep): DepositState {
  const row: Partial<Record<DepositStep, DepositState>> = DEPOSIT_TABLE[state];
  const next = row[step];
  if (next !== undefined) return next;
  throw new DepositError('deposit_step_forbidden', `A deposit that is ${state} cannot take this step.`, {
    details: { state, step },
  });
}

export const QUARANTINE_REASONS = [
  'dust',
  'address_not_given',
  'change_branch',
  /** The account takes nothing any more. */
  'account_closed',
  /** Somebody of compliance looks at it first. */
  'review',
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

export interface DepositBlock {
  readonly height: number;
  readonly hash: string;
  /** How high the chain must be for the deposit to be credited. */
  readonly creditHeight: number;
}

export interface Deposit {
  readonly id: Id<'deposit'>;
  readonly txid: string;
  readonly vout: number;
  readonly walletId: WalletId;
  readonly addressId: Id<'address'>;
  readonly address: string;
  readonly customerId: CustomerId | null;
  readonly balance: 'vault' | 'spending';
  readonly satoshis: Satoshis;
  readonly coinbase: boolean;
  /** The block that has it now; null when none does. */
  readonly block: DepositBlock | null;
  /** How often a block has taken it in. */
  readonly cycle: number;
  readonly state: DepositState;
  readonly version: number;
  /** The inclusion that the books speak of. */
  readonly booked: { readonly cycle: number; readonly blockHash: string } | null;
  /** A step that was begun and is finished before anything else is decided. */
  readonly begun: Begun | null;
  readonly refusals: number;
  /** Why the last step was not taken; null when it was. */
  readonly refusal: string | null;
  /** How often the ledger refused its hold: each try has an id of its own, which post and void must name. */
  readonly holdTry: number;
  /** How often it was tried to collect what is owed for it. */
  readonly settleTry: number;
  readonly quarantine: QuarantineReason | null;
  /** The approved intent by which it may be credited all the same. */
  readonly releaseIntent: IntentId | null;
  readonly detectedAt: Date;
  readonly creditedAt: Date | null;
}

export interface Begun {
  readonly step: DepositStep;
  readonly cycle: number;
  readonly blockHash: string;
}

/**
 * The next step of the books, or null when they say what the chain says. The chain may move at any time; a step of
 * an inclusion that is gone is undone by a later one, never left out.
 */
export function decideDeposit(deposit: Deposit, tipHeight: number): DepositStep | null {
  const { state, block, booked, cycle } = deposit;
  const isThere = block !== null;
  const isBookedHere = isThere && booked?.cycle === cycle;
  const isDeep = isThere && tipHeight >= block.creditHeight;
  const isKeptApart = deposit.quarantine !== null && deposit.releaseIntent === null;
  switch (state) {
    case 'detected':
    case 'dropped':
      if (!isThere) return null;
      // Nothing can be pending in a closed account.
      return isKeptApart && deposit.quarantine === 'account_closed' ? 'set_apart' : 'hold';
    case 'confirming':
      if (!isBookedHere) return 'drop';
      if (!isDeep) return null;
      return isKeptApart ? 'quarantine' : 'credit';
    case 'credited':
      return isBookedHere ? null : 'reverse';
    case 'quarantined':
      if (!isBookedHere) return 'unquarantine';
      return isKeptApart || !isDeep ? null : 'release';
    case 'reversed':
      if (!isDeep) return null;
      return isKeptApart ? 'set_apart' : 'recredit';
  }
}

/** Blocks on top of a deposit, its own included; 0 when no block has it. */
export function confirmationsOf({ block }: Pick<Deposit, 'block'>, tipHeight: number): number {
  return block === null ? 0 : Math.max(0, tipHeight - block.height + 1);
}

/** The inclusion that a step is about: undoing concerns the one in the books, everything else the present one. */
export function beginStep(deposit: Deposit, step: DepositStep): Begun {
  const isUndoing = step === 'drop' || step === 'reverse' || step === 'unquarantine';
  const about = isUndoing
    ? deposit.booked
    : deposit.block === null
      ? null
      : { cycle: deposit.cycle, blockHash: deposit.block.hash };
  if (about === null) {
    throw new DepositError('deposit_step_forbidden', 'The step is about no inclusion of the deposit.', {
      details: { state: deposit.state, step },
    });
  }
  return { step, ...about };
}

/** Whether what was begun is about an inclusion that has left the chain since. */
export function isOvertaken({ block, cycle, begun }: Pick<Deposit, 'block' | 'cycle' | 'begun'>): boolean {
  return begun !== null && (block === null || begun.cycle !== cycle || begun.blockHash !== block.hash);
}
