// The ledger's rules once more, as plainly as they can be said: maps, bigint, copies of the whole state.
// Written from docs/ledger-format.md; shares nothing with the engine but the names of results.
import type { ResultName } from '../../../src/ledger/format/index.ts';
import type { RawRecord } from '../format/independent-reader.ts';

export const KIND = { transfer: 1, account: 2, accountFlags: 3, clock: 4, expiry: 5 };
export const FLAG = {
  linked: 1,
  pending: 2,
  post: 4,
  void: 8,
  balancingDebit: 16,
  balancingCredit: 32,
  mustChange: 64,
};
export const ACCOUNT = { debitLimit: 1, creditLimit: 2, frozen: 4, closed: 8 };
const MAX = 2n ** 128n - 1n;

export interface ModelAccount {
  asset: number;
  code: number;
  flags: number;
  createdFlags: number;
  userData: readonly [bigint, bigint, number];
  debitsPosted: bigint;
  creditsPosted: bigint;
  debitsPending: bigint;
  creditsPending: bigint;
}

interface ModelHold {
  debit: bigint;
  credit: bigint;
  amount: bigint;
  code: number;
  expiresAtMs: number;
  state: 'pending' | 'posted' | 'voided' | 'expired';
}

interface State {
  accounts: Map<bigint, ModelAccount>;
  holds: Map<bigint, ModelHold>;
}

export type ModelOutcome = 'applied' | 'rejected' | 'repeated' | 'refused';

export interface ModelAnswer {
  outcome: ModelOutcome;
  result: ResultName;
  /** The amount that the record shows afterwards. */
  amount: bigint;
}

interface Used {
  asked: RawRecord;
  answer: ModelAnswer;
  /** What an applied post or void stands for once completed from its hold. */
  completed: { debit: bigint; credit: bigint; asset: number; code: number; heldAmount: bigint } | undefined;
}

const has = (bits: number, flag: number): boolean => (bits & flag) !== 0;
const uuidTime = (id: bigint): number => Number(id >> 80n);
const isUuidV7 = (id: bigint): boolean => ((id >> 76n) & 15n) === 7n && ((id >> 62n) & 3n) === 2n;
const isResolution = (record: RawRecord): boolean => has(record.flags, FLAG.post | FLAG.void);
const userDataOf = (r: RawRecord): readonly [bigint, bigint, number] => [
  r.userData128,
  r.userData64,
  r.userData32,
];

export class Model {
  state: State = { accounts: new Map(), holds: new Map() };
  readonly used = new Map<bigint, Used>();
  timeMs = 0;

  /** The answers for one batch. */
  apply(batch: readonly RawRecord[], timeMs: number): ModelAnswer[] {
    this.timeMs = timeMs;
    const answers: ModelAnswer[] = [];
    for (let start = 0; start < batch.length;) {
      let end = start;
      while (has(batch[end]!.flags, FLAG.linked) && !has(batch[end]!.marks, 1) && end < batch.length - 1)
        end++;
      const members = batch.slice(start, end + 1);
      answers.push(
        ...(has(members[0]!.flags, FLAG.linked) ? this.chain(members) : [this.single(members[0]!)]),
      );
      start = end + 1;
    }
    return answers;
  }

  private single(record: RawRecord): ModelAnswer {
    const early = this.beforeExecution(record);
    if (early !== undefined) return early;
    return this.settle(record, this.execute(record, this.state));
  }

  private chain(members: readonly RawRecord[]): ModelAnswer[] {
    const copy = copyOf(this.state);
    const results: ReturnType<Model['execute']>[] = [];
    const isOpen = has(members.at(-1)!.flags, FLAG.linked);
    for (const [index, member] of members.entries()) {
      const isRepeatWithin = members.slice(0, index).some((earlier) => this.isSameCommand(earlier, member));
      if (isRepeatWithin || this.beforeExecution(member, copy) !== undefined) break;
      if (isOpen && index === members.length - 1) break;
      const result = this.execute(member, copy);
      results.push(result);
      if (result.result !== 'ok') break;
    }
    const isWhole = results.length === members.length && results.every(({ result }) => result === 'ok');
    if (isWhole) {
      this.state = copy;
      return members.map((member, index) => this.settle(member, results[index]!));
    }
    return members.map((member, index) => {
      const early = this.beforeExecution(member);
      if (early !== undefined) return early;
      if (isOpen && index === members.length - 1)
        return this.settle(member, failed(member, 'linked_chain_open'));
      const own = results[index];
      return this.settle(
        member,
        own === undefined || own.result === 'ok' ? failed(member, 'linked_record_failed') : own,
      );
    });
  }

  /** Whether the later one uses the id that the earlier one has used up. */
  private isSameCommand(earlier: RawRecord, later: RawRecord): boolean {
    if (formError(earlier) !== undefined || formError(later) !== undefined) return false;
    const isAccount = (record: RawRecord): boolean => record.kind === KIND.account;
    const hasId = (record: RawRecord): boolean => record.kind <= KIND.accountFlags;
    return (
      hasId(earlier) && hasId(later) && earlier.id === later.id && isAccount(earlier) === isAccount(later)
    );
  }

  private beforeExecution(record: RawRecord, state = this.state): ModelAnswer | undefined {
    const error = formError(record);
    if (error !== undefined) return { outcome: 'refused', result: error, amount: record.amount };
    if (record.kind === KIND.account) {
      const account = state.accounts.get(record.id);
      if (account === undefined) return undefined;
      return { outcome: 'repeated', result: differenceOfAccount(record, account) ?? 'exists', amount: 0n };
    }
    if (record.kind > KIND.accountFlags) return undefined;
    if (uuidTime(record.id) > this.timeMs + 10_000) {
      return { outcome: 'refused', result: 'id_is_from_the_future', amount: record.amount };
    }
    const used = this.used.get(record.id);
    if (used === undefined) return undefined;
    const same = used.answer.outcome === 'applied' ? 'exists' : used.answer.result;
    return { outcome: 'repeated', result: differenceOf(record, used) ?? same, amount: record.amount };
  }

  private settle(record: RawRecord, executed: ReturnType<Model['execute']>): ModelAnswer {
    const outcome = executed.result === 'ok' ? 'applied' : 'rejected';
    const answer: ModelAnswer = { outcome, result: executed.result, amount: executed.amount };
    if (record.kind === KIND.transfer || record.kind === KIND.accountFlags) {
      this.used.set(record.id, { asked: record, answer, completed: executed.completed });
    }
    return answer;
  }

  private execute(
    record: RawRecord,
    state: State,
  ): { result: ResultName; amount: bigint; completed?: Used['completed'] } {
    if (record.kind === KIND.account) return this.create(record, state);
    if (record.kind === KIND.accountFlags) return this.changeFlags(record, state);
    if (record.kind === KIND.clock) return { result: 'ok', amount: 0n };
    if (record.kind === KIND.expiry || isResolution(record)) return this.resolve(record, state);
    return this.move(record, state);
  }

  private create(record: RawRecord, state: State): { result: ResultName; amount: bigint } {
    state.accounts.set(record.id, {
      asset: record.asset,
      code: record.code,
      flags: record.timeout,
      createdFlags: record.timeout,
      userData: userDataOf(record),
      debitsPosted: 0n,
      creditsPosted: 0n,
      debitsPending: 0n,
      creditsPending: 0n,
    });
    return { result: 'ok', amount: 0n };
  }

  private changeFlags(record: RawRecord, state: State): { result: ResultName; amount: bigint } {
    const account = state.accounts.get(record.debit);
    if (account === undefined) return failed(record, 'account_not_found');
    const set = record.timeout % 65536;
    const clear = Math.floor(record.timeout / 65536);
    const after = (account.flags | set) & ~clear;
    if (after === account.flags && has(record.flags, FLAG.mustChange)) {
      return failed(record, 'account_flags_unchanged');
    }
    if (has(after, ACCOUNT.closed) && !has(account.flags, ACCOUNT.closed)) {
      if (account.creditsPosted !== account.debitsPosted) return failed(record, 'account_has_a_balance');
      if (account.debitsPending + account.creditsPending > 0n) return failed(record, 'account_has_holds');
    }
    account.flags = after;
    return { result: 'ok', amount: 0n };
  }

  private move(record: RawRecord, state: State): { result: ResultName; amount: bigint } {
    const debit = state.accounts.get(record.debit);
    const credit = state.accounts.get(record.credit);
    if (debit === undefined) return failed(record, 'debit_account_not_found');
    if (credit === undefined) return failed(record, 'credit_account_not_found');
    if (debit.asset !== credit.asset) return failed(record, 'accounts_must_have_the_same_asset');
    if (debit.asset !== record.asset) return failed(record, 'transfer_must_have_the_same_asset_as_accounts');
    if (has(debit.flags, ACCOUNT.closed)) return failed(record, 'debit_account_closed');
    if (has(credit.flags, ACCOUNT.closed)) return failed(record, 'credit_account_closed');
    if (has(debit.flags, ACCOUNT.frozen)) return failed(record, 'debit_account_frozen');
    const available = debit.creditsPosted - debit.debitsPosted - debit.debitsPending;
    const room = credit.debitsPosted - credit.creditsPosted - credit.creditsPending;
    let amount = record.amount;
    if (has(record.flags, FLAG.balancingDebit) && available < amount) amount = available;
    if (has(record.flags, FLAG.balancingCredit) && room < amount) amount = room;
    if (amount < 0n) amount = 0n;
    const isPending = has(record.flags, FLAG.pending);
    const overflows: readonly [boolean, ResultName][] = [
      [isPending && debit.debitsPending + amount > MAX, 'overflows_debits_pending'],
      [isPending && credit.creditsPending + amount > MAX, 'overflows_credits_pending'],
      [debit.debitsPosted + amount > MAX, 'overflows_debits_posted'],
      [credit.creditsPosted + amount > MAX, 'overflows_credits_posted'],
      [debit.debitsPosted + debit.debitsPending + amount > MAX, 'overflows_debits'],
      [credit.creditsPosted + credit.creditsPending + amount > MAX, 'overflows_credits'],
      [has(debit.flags, ACCOUNT.debitLimit) && amount > available, 'exceeds_credits'],
      [has(credit.flags, ACCOUNT.creditLimit) && amount > room, 'exceeds_debits'],
      [isPending && amount === 0n, 'nothing_to_hold'],
    ];
    const refusal = overflows.find(([applies]) => applies);
    if (refusal !== undefined) return failed(record, refusal[1]);
    if (isPending) {
      debit.debitsPending += amount;
      credit.creditsPending += amount;
      state.holds.set(record.id, {
        debit: record.debit,
        credit: record.credit,
        amount,
        code: record.code,
        expiresAtMs: record.timeout === 0 ? Infinity : this.timeMs + record.timeout * 1000,
        state: 'pending',
      });
    } else {
      debit.debitsPosted += amount;
      credit.creditsPosted += amount;
    }
    return { result: 'ok', amount };
  }

  private resolve(
    record: RawRecord,
    state: State,
  ): { result: ResultName; amount: bigint; completed?: Used['completed'] } {
    const hold = state.holds.get(record.pendingId);
    if (hold === undefined) return failed(record, 'pending_transfer_not_found');
    if (hold.state === 'posted') return failed(record, 'pending_transfer_already_posted');
    if (hold.state === 'voided') return failed(record, 'pending_transfer_already_voided');
    const isExpiry = record.kind === KIND.expiry;
    const isDue = hold.expiresAtMs <= this.timeMs;
    if (hold.state === 'expired' || (isDue && !isExpiry)) return failed(record, 'pending_transfer_expired');
    if (isExpiry && !isDue) return failed(record, 'pending_transfer_not_due');
    const debit = state.accounts.get(hold.debit)!;
    const credit = state.accounts.get(hold.credit)!;
    const isPost = has(record.flags, FLAG.post);
    const differs = (given: bigint | number, held: bigint | number): boolean =>
      BigInt(given) !== 0n && given !== held;
    if (differs(record.debit, hold.debit))
      return failed(record, 'pending_transfer_has_different_debit_account_id');
    if (differs(record.credit, hold.credit))
      return failed(record, 'pending_transfer_has_different_credit_account_id');
    if (differs(record.asset, debit.asset)) return failed(record, 'pending_transfer_has_different_asset');
    if (differs(record.code, hold.code)) return failed(record, 'pending_transfer_has_different_code');
    if (!isPost && differs(record.amount, hold.amount))
      return failed(record, 'pending_transfer_has_different_amount');
    if (isPost && record.amount > hold.amount && record.amount !== MAX) {
      return failed(record, 'exceeds_pending_transfer_amount');
    }
    const amount = isPost && record.amount !== MAX ? record.amount : hold.amount;
    debit.debitsPending -= hold.amount;
    credit.creditsPending -= hold.amount;
    if (isPost) {
      debit.debitsPosted += amount;
      credit.creditsPosted += amount;
    }
    hold.state = isExpiry ? 'expired' : isPost ? 'posted' : 'voided';
    const completed = {
      debit: hold.debit,
      credit: hold.credit,
      asset: debit.asset,
      code: hold.code,
      heldAmount: hold.amount,
    };
    return { result: 'ok', amount, completed };
  }
}

function failed(record: RawRecord, result: ResultName): { result: ResultName; amount: bigint } {
  return { result, amount: record.amount };
}

function copyOf(state: State): State {
  return {
    accounts: new Map([...state.accounts].map(([id, account]) => [id, { ...account }])),
    holds: new Map([...state.holds].map(([id, hold]) => [id, { ...hold }])),
  };
}

/** The first error in the record's own form, in the document's order. */
export function formError(r: RawRecord): ResultName | undefined {
  const zeroOrMax = (id: bigint, name: 'debit' | 'credit'): [boolean, ResultName][] => [
    [id === 0n, `${name}_account_id_must_not_be_zero`],
    [id === MAX, `${name}_account_id_must_not_be_max`],
  ];
  const idChecks: [boolean, ResultName][] = [
    [r.id === 0n, 'id_must_not_be_zero'],
    [r.id === MAX, 'id_must_not_be_max'],
  ];
  const uuidCheck: [boolean, ResultName] = [!isUuidV7(r.id), 'id_must_be_uuid_v7'];
  let checks: [boolean, ResultName][];
  if (r.kind === KIND.transfer && isResolution(r)) {
    const others = FLAG.pending | FLAG.balancingDebit | FLAG.balancingCredit;
    const isPost = has(r.flags, FLAG.post);
    checks = [
      [r.marks > 1, 'reserved_field_must_be_zero'],
      [r.flags > 63, 'reserved_flag_must_be_zero'],
      ...idChecks,
      uuidCheck,
      [(isPost && has(r.flags, FLAG.void)) || has(r.flags, others), 'flags_are_mutually_exclusive'],
      [r.pendingId === 0n, 'pending_id_must_not_be_zero'],
      [r.pendingId === r.id, 'pending_id_must_be_different'],
      [r.timeout !== 0, 'timeout_reserved_for_pending_transfer'],
      [isPost && r.amount === 0n, 'amount_must_not_be_zero'],
    ];
  } else if (r.kind === KIND.transfer) {
    checks = [
      [r.marks > 1, 'reserved_field_must_be_zero'],
      [r.flags > 63, 'reserved_flag_must_be_zero'],
      ...idChecks,
      uuidCheck,
      [r.pendingId !== 0n, 'pending_id_must_be_zero'],
      ...zeroOrMax(r.debit, 'debit'),
      ...zeroOrMax(r.credit, 'credit'),
      [r.debit === r.credit, 'accounts_must_be_different'],
      [r.timeout !== 0 && !has(r.flags, FLAG.pending), 'timeout_reserved_for_pending_transfer'],
      [r.amount === 0n, 'amount_must_not_be_zero'],
      [r.asset === 0, 'asset_must_not_be_zero'],
      [r.code === 0, 'code_must_not_be_zero'],
    ];
  } else if (r.kind === KIND.account) {
    const isUsed = r.pendingId !== 0n || r.debit !== 0n || r.credit !== 0n || r.amount !== 0n;
    checks = [
      [r.marks > 1 || isUsed || r.timeout > 65535, 'reserved_field_must_be_zero'],
      [r.flags > 1 || r.timeout > 7, 'reserved_flag_must_be_zero'],
      ...idChecks,
      [r.asset === 0, 'asset_must_not_be_zero'],
      [r.code === 0, 'code_must_not_be_zero'],
      [(r.timeout & 3) === 3, 'account_flags_are_mutually_exclusive'],
    ];
  } else if (r.kind === KIND.accountFlags) {
    const set = r.timeout % 65536;
    const clear = Math.floor(r.timeout / 65536);
    const isUsed = r.pendingId !== 0n || r.credit !== 0n || r.amount !== 0n || r.asset !== 0;
    checks = [
      [r.marks > 1 || isUsed, 'reserved_field_must_be_zero'],
      [(r.flags & ~65) !== 0, 'reserved_flag_must_be_zero'],
      ...idChecks,
      uuidCheck,
      ...zeroOrMax(r.debit, 'debit'),
      [r.code === 0, 'code_must_not_be_zero'],
      [(set & clear) !== 0, 'account_flags_are_mutually_exclusive'],
      [set + clear === 0, 'account_flags_must_not_be_zero'],
      [((set | clear) & ~12) !== 0, 'account_flag_is_not_changeable'],
    ];
  } else if (r.kind === KIND.clock || r.kind === KIND.expiry) {
    const isUsed =
      r.id !== 0n || r.debit !== 0n || r.credit !== 0n || r.amount !== 0n || r.timeout !== 0 || r.asset !== 0;
    const hasData =
      r.userData128 !== 0n || r.userData64 !== 0n || r.userData32 !== 0 || r.code + r.flags !== 0;
    checks = [
      [!has(r.marks, 2), 'record_kind_not_for_clients'],
      [r.marks !== 2 || isUsed || hasData, 'reserved_field_must_be_zero'],
      [r.kind === KIND.clock && r.pendingId !== 0n, 'pending_id_must_be_zero'],
      [r.kind === KIND.expiry && r.pendingId === 0n, 'pending_id_must_not_be_zero'],
    ];
  } else {
    checks = [[true, 'record_kind_unknown']];
  }
  return checks.find(([applies]) => applies)?.[1];
}

function differenceOf(r: RawRecord, used: Used): ResultName | undefined {
  const { asked, completed } = used;
  const same = (given: bigint | number, then: bigint | number, completedAs?: bigint | number): boolean =>
    given === then || (completed !== undefined && (BigInt(given) === 0n || given === completedAs));
  const isFlags = r.kind === KIND.accountFlags;
  const differences: [boolean, ResultName][] = [
    [r.kind !== asked.kind, 'exists_with_different_kind'],
    [r.flags !== asked.flags, 'exists_with_different_flags'],
    [r.pendingId !== asked.pendingId, 'exists_with_different_pending_id'],
    [!isFlags && r.timeout !== asked.timeout, 'exists_with_different_timeout'],
    [isFlags && r.timeout !== asked.timeout, 'exists_with_different_account_flags'],
    [!same(r.debit, asked.debit, completed?.debit), 'exists_with_different_debit_account_id'],
    [!same(r.credit, asked.credit, completed?.credit), 'exists_with_different_credit_account_id'],
    [!isSameAmount(r, used), 'exists_with_different_amount'],
    [!same(r.asset, asked.asset, completed?.asset), 'exists_with_different_asset'],
    [!same(r.code, asked.code, completed?.code), 'exists_with_different_code'],
    [r.userData128 !== asked.userData128, 'exists_with_different_user_data_128'],
    [r.userData64 !== asked.userData64, 'exists_with_different_user_data_64'],
    [r.userData32 !== asked.userData32, 'exists_with_different_user_data_32'],
  ];
  return differences.find(([applies]) => applies)?.[1];
}

/** In an applied post or void, two ways to say the same amount are the same. */
function isSameAmount(r: RawRecord, { asked, answer, completed }: Used): boolean {
  if (completed === undefined) return r.amount === asked.amount;
  const meaning = (amount: bigint): bigint =>
    has(r.flags, FLAG.void) && amount === 0n
      ? completed.heldAmount
      : has(r.flags, FLAG.post) && amount === MAX
        ? completed.heldAmount
        : amount;
  return meaning(r.amount) === answer.amount;
}

function differenceOfAccount(r: RawRecord, account: ModelAccount): ResultName | undefined {
  const [userData128, userData64, userData32] = account.userData;
  const differences: [boolean, ResultName][] = [
    [r.timeout !== account.createdFlags, 'exists_with_different_account_flags'],
    [r.asset !== account.asset, 'exists_with_different_asset'],
    [r.code !== account.code, 'exists_with_different_code'],
    [r.userData128 !== userData128, 'exists_with_different_user_data_128'],
    [r.userData64 !== userData64, 'exists_with_different_user_data_64'],
    [r.userData32 !== userData32, 'exists_with_different_user_data_32'],
  ];
  return differences.find(([applies]) => applies)?.[1];
}
