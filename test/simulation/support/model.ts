import type { WithdrawalState } from '../../../src/withdrawals/withdrawal.ts';

export type Balance = 'vault' | 'spending';

/** A deposit of the model: what was paid, and in which block it is. */
export interface ModelDeposit {
  readonly person: number;
  readonly balance: Balance;
  readonly amount: bigint;
  /** Null while it waits for a block. */
  height: number | null;
}

/** What was commanded, and so what may have become of it. */
export interface ModelWithdrawal {
  readonly person: number;
  readonly from: Balance;
  readonly to: 'address' | Balance;
  readonly amount: bigint;
  readonly maxFee: bigint;
  /** It was asked for while the policy asked for two people whatever the amount: a looser one is of no use to it. */
  readonly strict: boolean;
  /** It was built by approvals that sufficed then; a policy that becomes tighter later does not matter to it. */
  granted: boolean;
  /** It was seen approved; a tighter policy may take that back before it is built. */
  passed: boolean;
  /** Who has approved it, by their places among the approvers, as far as it counts. */
  approvals: Set<number>;
  /** Since when all that it needs have. */
  approvedAtMs: number | null;
  /** The account was restricted before a platform signature can have been made: it must not be paid. */
  stopped: boolean;
  ended: 'cancelled' | 'rejected' | null;
  cosigned: boolean;
  /** What its payment brings back to a balance of the same person has been noted. */
  paid: boolean;
}

/** What the system says of a withdrawal. */
export interface SeenWithdrawal {
  readonly state: WithdrawalState;
  readonly bookedAmount: bigint | null;
}

const NEEDED_CONFIRMATIONS = 2;

/** Above it two people approve, one of them with the local program, and it rests for an hour. */
export const SMALL = 1_000_000n;
const REST_MS = 3_600_000;
/** The approver whose key is a key file. */
const LOCAL_APPROVER = 2;

const BEFORE_APPROVAL: readonly WithdrawalState[] = ['requested', 'screened', 'awaiting_approval'];
const BEFORE_SIGNATURE: readonly WithdrawalState[] = [
  'approved',
  'cooling_off',
  'built',
  'awaiting_cosigner',
];
const BUILT: readonly WithdrawalState[] = [
  'built',
  'awaiting_cosigner',
  'platform_signed',
  'broadcast',
  'confirmed',
];
const RESTING: readonly WithdrawalState[] = ['approved', 'cooling_off'];
const GONE: readonly WithdrawalState[] = ['rejected', 'cancelled', 'expired', 'failed'];
const LEFT: readonly WithdrawalState[] = ['platform_signed', 'broadcast', 'confirmed'];

/** The bank as a child would tell it: who paid in what, who sent whom what, who was paid out what. */
export class Model {
  readonly deposits: ModelDeposit[] = [];
  readonly withdrawals: ModelWithdrawal[] = [];
  /** Of spending balances: what came less what went, by person. */
  readonly transferred: bigint[];
  /** Who is restricted, with what restricts them. */
  readonly restricted = new Map<number, string[]>();
  /** Of restricted balances: what is in them twice, since it was taken back and came again, and is owed. */
  readonly #owed = new Map<string, bigint>();
  height: number;
  /** Whether the policy in force asks for two people whatever the amount. */
  strict = false;

  constructor(people: number, height: number) {
    this.transferred = Array.from({ length: people }, () => 0n);
    this.height = height;
  }

  /** Blocks with everything in them that waited. */
  mined(blocks: number): void {
    for (const deposit of this.deposits) deposit.height ??= this.height + 1;
    this.height += blocks;
  }

  /** The last blocks are replaced by one more; the first of the new ones has all that was lost or waited. */
  reorganised(depth: number): void {
    const base = this.height - depth;
    for (const deposit of this.deposits) {
      if (deposit.height !== null && deposit.height <= base) continue;
      const { person, balance, amount } = deposit;
      const wasCredited = deposit.height !== null && this.height - deposit.height + 1 >= NEEDED_CONFIRMATIONS;
      deposit.height = base + 1;
      if (!wasCredited || !this.isRestricted(person)) continue;
      const key = `${balance} of ${person}`;
      this.#owed.set(key, (this.#owed.get(key) ?? 0n) + amount);
    }
    this.height += 1;
  }

  /** One approves; whether that counts depends on whether the account is restricted. */
  approved(index: number, approver: number, nowMs: number): void {
    const told = this.withdrawals[index]!;
    if (this.isRestricted(told.person)) return;
    told.approvals.add(approver);
    if (this.isApproved(told)) told.approvedAtMs ??= nowMs;
  }

  isRestricted(person: number): boolean {
    return (this.restricted.get(person) ?? []).length > 0;
  }

  /** A restriction stops what the signer cannot have signed, and voids what was approved of it. */
  restrict(person: number, restriction: string, seen: readonly SeenWithdrawal[]): void {
    this.restricted.set(person, [...(this.restricted.get(person) ?? []), restriction]);
    for (const [index, told] of this.withdrawals.entries()) {
      if (told.person !== person || told.cosigned || LEFT.includes(seen[index]!.state)) continue;
      told.stopped = true;
      told.granted = false;
      told.passed = false;
      told.approvals.clear();
      told.approvedAtMs = null;
    }
  }

  /** The last restriction that is lifted lets them be approved anew. */
  lift(person: number, restriction: string): void {
    const left = (this.restricted.get(person) ?? []).filter((id) => id !== restriction);
    this.restricted.set(person, left);
    if (left.length > 0) return;
    for (const told of this.withdrawals) if (told.person === person) told.stopped = false;
    for (const balance of ['vault', 'spending']) this.#owed.delete(`${balance} of ${person}`);
  }

  /** What waits for approvals again has none that count, nor a cosigner's signature. */
  static askedAnew(told: ModelWithdrawal): void {
    told.approvals.clear();
    told.approvedAtMs = null;
    told.cosigned = false;
    told.granted = false;
    told.passed = false;
  }

  /** By the policy of its time and by the one in force, the stricter of them, until it is built. */
  isApproved({ amount, approvals, strict, granted }: ModelWithdrawal): boolean {
    if (granted) return true;
    if (amount > SMALL) return approvals.size > 1 && approvals.has(LOCAL_APPROVER);
    return approvals.size >= (strict || this.strict ? 2 : 1);
  }

  /** What is seen built has been judged the last time. */
  note(told: ModelWithdrawal, { state }: SeenWithdrawal): void {
    if (BUILT.includes(state)) told.granted = true;
    if (BUILT.includes(state) || RESTING.includes(state)) told.passed = true;
  }

  /** Why the state of a withdrawal cannot be, by what was commanded; null when it can. */
  complaint(told: ModelWithdrawal, { state }: SeenWithdrawal, nowMs: number): string | null {
    const isIn = (states: readonly WithdrawalState[]): boolean => states.includes(state);
    if (isIn(LEFT)) {
      if (told.stopped) return 'was paid although the account was restricted';
      if (!this.isApproved(told)) return 'was paid without its approvals';
      if (!told.cosigned) return 'was paid without its cosigner';
      const isRested = told.amount <= SMALL || nowMs - told.approvedAtMs! >= REST_MS;
      if (!isRested) return 'was paid before its time';
      return told.ended === null ? null : `was paid although it had been ${told.ended}`;
    }
    // A policy that became tighter is asked right before it is built.
    if (isIn(RESTING) && told.passed) return null;
    if (isIn(BEFORE_SIGNATURE)) return this.isApproved(told) ? null : 'went on without its approvals';
    if (isIn(BEFORE_APPROVAL)) return null;
    if (state === 'failed') return null;
    return isIn(GONE) && state === told.ended ? null : `is ${state}, which nobody asked for`;
  }

  /** What a person's balance must be, posted and available, by the model and the states of withdrawals. */
  expected(
    person: number,
    balance: Balance,
    seen: readonly SeenWithdrawal[],
  ): { readonly posted: bigint; readonly available: bigint } {
    let posted = this.#owed.get(`${balance} of ${person}`) ?? 0n;
    if (balance === 'spending') posted += this.transferred[person] ?? 0n;
    for (const deposit of this.deposits) {
      if (deposit.person !== person || deposit.balance !== balance || deposit.height === null) continue;
      if (this.height - deposit.height + 1 >= NEEDED_CONFIRMATIONS) posted += deposit.amount;
    }
    let held = 0n;
    for (const [index, told] of this.withdrawals.entries()) {
      const { state, bookedAmount } = seen[index]!;
      if (told.person !== person || told.from !== balance || GONE.includes(state)) continue;
      if (LEFT.includes(state)) posted -= bookedAmount ?? told.amount + told.maxFee;
      else if (state !== 'requested') held += told.amount + told.maxFee;
    }
    return { posted, available: posted - held };
  }
}
