// Random batches over a handful of accounts, steered so that most things succeed and the rest fail in every way.
import fc from 'fast-check';
import { EMPTY_RECORD, type RawRecord } from '../format/independent-reader.ts';
import { idAt, START_MS } from './ids.ts';
import { ACCOUNT, FLAG, KIND } from './model.ts';

const MAX = 2n ** 128n - 1n;
const BOUNDARIES = [2n ** 53n, 2n ** 63n, 2n ** 64n, 2n ** 127n, 2n ** 128n].flatMap((power) =>
  [-2n, -1n, 0n, 1n].map((distance) => power + distance).filter((amount) => amount <= MAX),
);

const amounts = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: 1n, max: 60n }) },
  { weight: 3, arbitrary: fc.constantFrom(...BOUNDARIES) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: MAX }) },
);

/** Accounts 1 to 6 exist from the start, 7 to 9 only if a step creates them. */
const accountIds = fc.oneof(
  { weight: 9, arbitrary: fc.bigInt({ min: 1n, max: 6n }) },
  { weight: 1, arbitrary: fc.constantFrom(0n, 7n, 8n, 9n, MAX) },
);
const assetOf = (account: bigint): number => (account === 5n || account === 6n ? 2 : 1);

export const PREAMBLE: readonly RawRecord[] = [
  [1n, ACCOUNT.debitLimit],
  [2n, ACCOUNT.debitLimit],
  [3n, 0],
  [4n, ACCOUNT.creditLimit],
  [5n, 0],
  [6n, ACCOUNT.debitLimit],
].map(([id, flags]) => ({
  ...EMPTY_RECORD,
  kind: KIND.account,
  id: BigInt(id!),
  asset: assetOf(BigInt(id!)),
  code: 1,
  timeout: Number(flags),
}));

/** What a step may look back on. */
export interface Past {
  readonly timeMs: number;
  readonly all: readonly RawRecord[];
  readonly pending: readonly RawRecord[];
  nextId(offsetMs: number): bigint;
}

type Step = (past: Past) => RawRecord;

const framing = fc.record({
  linked: fc.boolean().map((linked) => (linked ? FLAG.linked : 0)),
  marks: fc.constantFrom(0, 0, 0, 1),
  userData32: fc.constantFrom(0, 0, 7),
});
const isLinked = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constant(FLAG.linked) },
);
const idOffset = fc.oneof(
  { weight: 20, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(-5000, 9_999, 10_000, 10_001, 60_000) },
);

const move: fc.Arbitrary<Step> = fc
  .record({
    debit: accountIds,
    credit: accountIds,
    amount: amounts,
    wrongAsset: fc.integer({ min: 0, max: 15 }),
    flags: fc.constantFrom(
      ...[0, 0, 0, FLAG.pending, FLAG.pending, FLAG.pending, FLAG.balancingDebit, FLAG.balancingCredit],
      FLAG.balancingDebit | FLAG.balancingCredit,
      FLAG.balancingDebit | FLAG.pending,
      FLAG.balancingCredit | FLAG.pending,
    ),
    timeout: fc.constantFrom(0, 0, 1, 2, 4),
    linked: isLinked,
    idOffset,
    framing,
  })
  .map((step) => (past: Past) => ({
    ...EMPTY_RECORD,
    kind: KIND.transfer,
    id: past.nextId(step.idOffset),
    debit: step.debit,
    credit: step.credit,
    amount: step.amount,
    asset: step.wrongAsset === 0 ? 3 : assetOf(step.debit),
    code: 1,
    flags: step.flags | step.linked,
    timeout: (step.flags & FLAG.pending) === 0 ? 0 : step.timeout,
    userData32: step.framing.userData32,
    marks: step.framing.marks,
  }));

const resolve: fc.Arbitrary<Step> = fc
  .record({
    hold: fc.nat(7),
    flag: fc.constantFrom(FLAG.post, FLAG.post, FLAG.void),
    amount: fc.constantFrom('open', 'exact', 'less', 'more', 'all'),
    named: fc.integer({ min: 0, max: 31 }),
    linked: isLinked,
    marks: fc.constantFrom(0, 0, 0, 1),
  })
  .map((step) => (past: Past) => {
    const hold = past.pending.at(-1 - (step.hold % Math.max(1, past.pending.length))) ?? EMPTY_RECORD;
    const amount = { open: 0n, exact: hold.amount, less: hold.amount - 1n, more: hold.amount + 1n, all: MAX }[
      step.amount
    ];
    return {
      ...EMPTY_RECORD,
      kind: KIND.transfer,
      id: past.nextId(0),
      pendingId: hold.id === 0n ? 5n : hold.id,
      flags: step.flag | step.linked,
      amount: step.flag === FLAG.post && amount === 0n ? MAX : amount < 0n ? 0n : amount > MAX ? MAX : amount,
      debit: (step.named & 1) === 0 ? 0n : (step.named & 24) === 24 ? 9n : hold.debit,
      credit: (step.named & 2) === 0 ? 0n : (step.named & 24) === 24 ? 9n : hold.credit,
      asset: (step.named & 4) === 0 ? 0 : (step.named & 24) === 24 ? 9 : hold.asset,
      code: (step.named & 28) === 28 ? 2 : (step.named & 8) === 0 ? 0 : hold.code,
      marks: step.marks,
    };
  });

const createAccount: fc.Arbitrary<Step> = fc
  .record({
    id: fc.constantFrom(1n, 7n, 8n, 9n),
    flags: fc.constantFrom(0, ACCOUNT.debitLimit, ACCOUNT.creditLimit, ACCOUNT.frozen, 3, 8),
    asset: fc.constantFrom(1, 1, 2, 0),
    linked: isLinked,
    userData64: fc.constantFrom(0n, 0n, 2n ** 64n - 1n),
  })
  .map(({ linked, flags, ...step }) => () => ({
    ...EMPTY_RECORD,
    ...step,
    kind: KIND.account,
    code: 1,
    timeout: flags,
    flags: linked,
  }));

const changeFlags: fc.Arbitrary<Step> = fc
  .record({
    account: accountIds,
    change: fc.constantFrom(4, 4, 4 << 16, 4 << 16, 8, 8 << 16, 12, 4 | (8 << 16), 0, 1, 4 | (4 << 16)),
    mustChange: fc.constantFrom(0, 0, FLAG.mustChange),
    linked: isLinked,
    reusesId: fc.integer({ min: 0, max: 9 }),
  })
  .map((step) => (past: Past) => ({
    ...EMPTY_RECORD,
    kind: KIND.accountFlags,
    id: step.reusesId === 0 ? (past.all.at(-1)?.id ?? 0n) : past.nextId(0),
    debit: step.account,
    timeout: step.change,
    code: 9,
    flags: step.mustChange | step.linked,
  }));

type Mutation = (record: RawRecord) => RawRecord;

/** Another value that still fits: one more, and 1 after the most that so many bits hold. */
const next128 = (value: bigint): bigint => (value === MAX ? 1n : value + 1n);
const nextOf = (count: number, bits: number): number => (count === 2 ** bits - 1 ? 1 : count + 1);

/** Changes of one thing in a record, any record, to what is still a record: no field outgrows its bytes. */
export const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Mutation>((record) => record) },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Mutation>(
      (record) => ({ ...record, amount: next128(record.amount) }),
      (record) => ({ ...record, amount: MAX }),
      (record) => ({ ...record, amount: 0n }),
      (record) => ({ ...record, debit: record.credit, credit: record.debit }),
      (record) => ({ ...record, debit: 0n, credit: 0n, asset: 0, code: 0 }),
      (record) => ({ ...record, credit: record.credit === 4n ? 3n : 4n }),
      (record) => ({ ...record, asset: nextOf(record.asset, 32) }),
      (record) => ({ ...record, code: nextOf(record.code, 16) }),
      (record) => ({ ...record, code: 0 }),
      (record) => ({ ...record, flags: record.flags ^ FLAG.linked }),
      (record) => ({ ...record, flags: record.flags ^ FLAG.pending }),
      (record) => ({ ...record, flags: record.flags | FLAG.mustChange }),
      (record) => ({ ...record, flags: record.flags | FLAG.post }),
      (record) => ({ ...record, flags: record.flags | 0x8000 }),
      (record) => ({ ...record, timeout: nextOf(record.timeout, 32) }),
      (record) => ({ ...record, pendingId: next128(record.pendingId) }),
      (record) => ({ ...record, pendingId: record.id }),
      (record) => ({ ...record, userData128: record.userData128 ^ (1n << 127n) }),
      (record) => ({ ...record, userData64: record.userData64 ^ (1n << 63n) }),
      (record) => ({ ...record, userData32: (record.userData32 ^ 1) >>> 0 }),
      (record) => ({ ...record, kind: record.kind === KIND.transfer ? KIND.accountFlags : KIND.transfer }),
      (record) => ({ ...record, kind: 6 }),
      (record) => ({ ...record, kind: KIND.expiry }),
      (record) => ({ ...record, id: 0n }),
      (record) => ({ ...record, id: MAX }),
      (record) => ({ ...record, id: record.id ^ (1n << 77n) }),
      (record) => ({ ...record, marks: 4 }),
    ),
  },
);

/** The same again, or the same but for one field. */
const repeat: fc.Arbitrary<Step> = fc
  .record({ back: fc.nat(30), mutation: mutations })
  .map(({ back, mutation }) => (past: Past) => {
    const record = past.all.at(-1 - (back % Math.max(1, past.all.length))) ?? EMPTY_RECORD;
    return mutation(record);
  });

const own: fc.Arbitrary<Step> = fc
  .record({ hold: fc.nat(5), isClock: fc.boolean() })
  .map((step) => (past: Past) => {
    const hold = past.pending.at(-1 - (step.hold % Math.max(1, past.pending.length)));
    if (step.isClock || hold === undefined) return { ...EMPTY_RECORD, kind: KIND.clock, marks: 2 };
    return { ...EMPTY_RECORD, kind: KIND.expiry, pendingId: hold.id, marks: 2 };
  });

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: move },
  { weight: 5, arbitrary: resolve },
  { weight: 4, arbitrary: repeat },
  { weight: 2, arbitrary: changeFlags },
  { weight: 1, arbitrary: createAccount },
  { weight: 1, arbitrary: own },
);

export interface RandomBatch {
  readonly advanceMs: number;
  /** Whether the batch begins with the expiry records that are due, as the writer's do. */
  readonly expires: boolean;
  readonly steps: readonly Step[];
}

export const randomBatches: fc.Arbitrary<readonly RandomBatch[]> = fc.array(
  fc.record({
    advanceMs: fc.constantFrom(0, 1, 500, 1000, 2000, 4000),
    expires: fc.boolean(),
    steps: fc.array(steps, { minLength: 1, maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 8 },
);

/** How much there is to begin with: little, or just below where Float64, 64 bits and 128 bits end. */
export const funds = fc.constantFrom(100n, 2n ** 53n - 50n, 2n ** 63n, 2n ** 64n - 10n, 2n ** 128n - 100n);

/** Money to begin with: account 3 (and 5) owe it. */
export function funding(nextId: () => bigint, amount: bigint): RawRecord[] {
  const fund = (debit: bigint, credit: bigint): RawRecord => ({
    ...EMPTY_RECORD,
    kind: KIND.transfer,
    id: nextId(),
    debit,
    credit,
    amount,
    asset: assetOf(debit),
    code: 1,
  });
  return [fund(3n, 1n), fund(4n, 2n), fund(5n, 6n)];
}

/** Fresh ids of the current moment, or some milliseconds beside it. */
export function idSource(timeMs: () => number): (offsetMs: number) => bigint {
  let count = 0;
  return (offsetMs) => idAt(++count, Math.max(START_MS - 60_000, timeMs() + offsetMs));
}
