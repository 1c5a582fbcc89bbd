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
  approved: boolean;
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

const BEFORE_APPROVAL: readonly WithdrawalState[] = ['requested', 'screened', 'awaiting_approval'];
const BEFORE_SIGNATURE: readonly WithdrawalState[] = ['approved', 'built', 'awaiting_cosigner'];
const GONE: readonly WithdrawalState[] = ['rejected', 'cancelled', 'expired', 'failed'];
const LEFT: readonly WithdrawalState[] = ['platform_signed', 'broadcast', 'confirmed'];

/** The bank as a child would tell it: who paid in what, who sent whom what, who was paid out what. */
export class Model {
  readonly deposits: ModelDeposit[] = [];
  readonly withdrawals: ModelWithdrawal[] = [];
  /** Of spending balances: what came less what went, by person. */
  readonly transferred: bigint[];
  height: number;

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
      if (deposit.height === null || deposit.height > base) deposit.height = base + 1;
    }
    this.height += 1;
  }

  /** Why the state of a withdrawal cannot be, by what was commanded; null when it can. */
  static complaint(told: ModelWithdrawal, { state }: SeenWithdrawal): string | null {
    const isIn = (states: readonly WithdrawalState[]): boolean => states.includes(state);
    if (isIn(LEFT)) {
      if (!told.approved) return 'was paid without an approval';
      if (!told.cosigned) return 'was paid without its cosigner';
      return told.ended === null ? null : `was paid although it had been ${told.ended}`;
    }
    if (isIn(BEFORE_SIGNATURE)) return told.approved ? null : 'went on without an approval';
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
    let posted = balance === 'spending' ? (this.transferred[person] ?? 0n) : 0n;
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
