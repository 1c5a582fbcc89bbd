import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  AMOUNT_ALL,
  RESULT,
  type LedgerClient,
  type LedgerCommand,
  type LedgerId,
  type ResultName,
} from '../../../src/ledger/client/index.ts';
import { Requests } from '../../../src/ledger/client/requests.ts';
import { decodeResults, encodeCommands, MAX_UINT128, resultName } from '../../../src/ledger/format/index.ts';
import { systemScheduler } from '../../../src/ledger/scheduler.ts';
import { connectStream } from '../../../src/ledger/transport.ts';
import type { TestDatabase } from '../../postgres/test-database.ts';
import { createLedgerDatabase } from '../ledger-database.ts';
import { freshId, startLedger, type TestLedger } from '../running-ledger.ts';

let database: TestDatabase;
let running: TestLedger;
let client: LedgerClient;
let requests: Requests;

beforeAll(async () => {
  database = await createLedgerDatabase();
  running = await startLedger(database);
  client = running.client();
  requests = new Requests({
    connect: () => connectStream(running.ledger.address),
    scheduler: systemScheduler,
    partition: 0,
    requestTimeoutMs: 30_000,
    maxQueuedRecords: 100,
  });
});

afterAll(async () => {
  requests.close();
  await running.stop();
  await database.drop();
});

/** Accounts of a scenario's own: `a` has 100 and no more, `b` is free, `d` may not be credited, `e` is of another asset. */
class Scene {
  readonly a = freshId();
  readonly b = freshId();
  readonly d = freshId();
  readonly e = freshId();

  async set(): Promise<this> {
    await submit([
      { kind: 'account', id: this.a, asset: 1, code: 1, accountFlags: { debitsMustNotExceedCredits: true } },
      account(this.b),
      { kind: 'account', id: this.d, asset: 1, code: 1, accountFlags: { creditsMustNotExceedDebits: true } },
      { kind: 'account', id: this.e, asset: 2, code: 1 },
      this.move({ debitAccountId: this.b, creditAccountId: this.a, amount: 100n }),
    ]);
    return this;
  }

  move(change: object = {}): LedgerCommand {
    const usual = { debitAccountId: this.a, creditAccountId: this.b, amount: 1n, asset: 1, code: 1 };
    return { kind: 'transfer', id: freshId(), ...usual, ...change };
  }

  flags(change: object): LedgerCommand {
    return { kind: 'accountFlags', id: freshId(), accountId: this.a, code: 1, ...change };
  }

  hold(change: object = {}): LedgerCommand {
    return this.move({ amount: 10n, flags: { pending: true }, ...change });
  }
}

const account = (id: LedgerId, change: object = {}): LedgerCommand => ({
  ...({ kind: 'account', id, asset: 1, code: 1 } as const),
  ...change,
});

const post = (pendingId: LedgerId, change: object = {}): LedgerCommand => ({
  ...({ kind: 'transfer', id: freshId(), pendingId, amount: AMOUNT_ALL, flags: { post: true } } as const),
  ...change,
});

async function submit(commands: readonly LedgerCommand[]): Promise<ResultName[]> {
  return (await client.submit(commands)).results.map(({ result }) => result);
}

/** What the typed client cannot say: one transfer whose byte at `at` is overwritten. */
async function patched(scene: Scene, at: number, value: number): Promise<ResultName[]> {
  const records = encodeCommands([scene.move()]);
  records[at] = value;
  const items = await new Promise<Uint8Array>((resolve, reject) =>
    requests.submit({ records, resolve, reject }),
  );
  return decodeResults(items).map(({ result }) => resultName(result)!);
}

/** The first, then the same with a change. */
const again = (first: LedgerCommand, change: object): LedgerCommand[] => [first, { ...first, ...change }];

/** Near the top of what 128 bits hold, on fresh accounts. */
async function fill(first: object, second: (fresh: LedgerId) => object): Promise<ResultName[]> {
  const [x, y, z] = [freshId(), freshId(), freshId()];
  const move = { kind: 'transfer', debitAccountId: x, creditAccountId: y, asset: 1, code: 1 } as const;
  return submit([
    ...[x, y, z].map((id) => account(id)),
    { ...move, id: freshId(), amount: MAX_UINT128 - 50n, ...first },
    { ...move, id: freshId(), amount: 51n, ...second(z) },
  ]);
}

const pending = { flags: { pending: true } };
const far = (): LedgerId => (BigInt(Date.now() + 60_000) << 80n) | (freshId() & ((1n << 80n) - 1n));

/** The last answer of each is the result in question. */
const SCENES: Partial<Record<ResultName, (s: Scene) => Promise<ResultName[]>>> = {
  ok: (s) => submit([s.move()]),
  record_kind_unknown: (s) => patched(s, 120, 6),
  record_kind_not_for_clients: (s) => patched(s, 120, 4),
  reserved_flag_must_be_zero: (s) => patched(s, 119, 0x80),
  id_must_not_be_zero: (s) => submit([s.move({ id: 0n })]),
  id_must_not_be_max: (s) => submit([s.move({ id: MAX_UINT128 })]),
  id_must_be_uuid_v7: (s) => submit([s.move({ id: freshId() ^ (1n << 63n) })]),
  flags_are_mutually_exclusive: () => submit([post(freshId(), { flags: { post: true, void: true } })]),
  pending_id_must_be_zero: (s) => submit([s.move({ pendingId: freshId() })]),
  pending_id_must_not_be_zero: () => submit([post(0n)]),
  pending_id_must_be_different: (s) => submit([post(s.a, { id: s.a })]),
  debit_account_id_must_not_be_zero: (s) => submit([s.move({ debitAccountId: 0n })]),
  debit_account_id_must_not_be_max: (s) => submit([s.move({ debitAccountId: MAX_UINT128 })]),
  credit_account_id_must_not_be_zero: (s) => submit([s.move({ creditAccountId: 0n })]),
  credit_account_id_must_not_be_max: (s) => submit([s.move({ creditAccountId: MAX_UINT128 })]),
  accounts_must_be_different: (s) => submit([s.move({ creditAccountId: s.a })]),
  timeout_reserved_for_pending_transfer: (s) => submit([s.move({ timeoutSeconds: 1 })]),
  amount_must_not_be_zero: (s) => submit([s.move({ amount: 0n })]),
  asset_must_not_be_zero: (s) => submit([s.move({ asset: 0 })]),
  code_must_not_be_zero: (s) => submit([s.move({ code: 0 })]),
  account_flags_are_mutually_exclusive: (s) =>
    submit([s.flags({ set: { frozen: true }, clear: { frozen: true } })]),
  account_flags_must_not_be_zero: (s) => submit([s.flags({})]),
  account_flag_is_not_changeable: (s) => submit([s.flags({ set: { debitsMustNotExceedCredits: true } })]),
  id_is_from_the_future: (s) => submit([s.move({ id: far() })]),
  exists_with_different_kind: (s) => {
    const first = s.move();
    return submit([first, s.flags({ id: first.id, set: { frozen: true } })]);
  },
  exists_with_different_flags: (s) => submit(again(s.move(), pending)),
  exists_with_different_pending_id: (s) => {
    const held = s.hold();
    return submit([held, ...again(post(held.id), { pendingId: s.a })]);
  },
  exists_with_different_timeout: (s) =>
    submit(again(s.hold({ timeoutSeconds: 100 }), { timeoutSeconds: 101 })),
  exists_with_different_account_flags: (s) =>
    submit(again(s.flags({ set: { frozen: true } }), { set: {}, clear: { frozen: true } })),
  exists_with_different_debit_account_id: (s) => submit(again(s.move(), { debitAccountId: s.d })),
  exists_with_different_credit_account_id: (s) => submit(again(s.move(), { creditAccountId: s.d })),
  exists_with_different_amount: (s) => submit(again(s.move(), { amount: 2n })),
  exists_with_different_asset: (s) => submit(again(s.move(), { asset: 2 })),
  exists_with_different_code: (s) => submit(again(s.move(), { code: 2 })),
  exists_with_different_user_data_128: (s) => submit(again(s.move(), { userData128: 1n })),
  exists_with_different_user_data_64: (s) => submit(again(s.move(), { userData64: 1n })),
  exists_with_different_user_data_32: (s) => submit(again(s.move(), { userData32: 1 })),
  exists: (s) => submit(again(s.move(), {})),
  linked_chain_open: (s) => submit([s.move({ flags: { linked: true } })]),
  linked_record_failed: (s) => submit([s.move({ amount: 101n, flags: { linked: true } }), s.move()]),
  pending_transfer_not_found: () => submit([post(freshId())]),
  pending_transfer_already_posted: (s) => {
    const held = s.hold();
    return submit([held, post(held.id), post(held.id)]);
  },
  pending_transfer_already_voided: (s) => {
    const held = s.hold();
    return submit([held, post(held.id, { amount: 0n, flags: { void: true } }), post(held.id)]);
  },
  pending_transfer_expired: async (s) => {
    const held = s.hold({ timeoutSeconds: 1 });
    await submit([held]);
    // The writer lets it run out by itself.
    const stillHeld = async (): Promise<bigint | undefined> =>
      (await client.accounts([s.a])).value[0]?.debitsPending;
    await expect.poll(stillHeld, { timeout: 30_000 }).toBe(0n);
    return submit([post(held.id)]);
  },
  pending_transfer_has_different_debit_account_id: (s) => {
    const held = s.hold();
    return submit([held, post(held.id, { debitAccountId: s.d })]);
  },
  pending_transfer_has_different_credit_account_id: (s) => {
    const held = s.hold();
    return submit([held, post(held.id, { creditAccountId: s.d })]);
  },
  pending_transfer_has_different_asset: (s) => {
    const held = s.hold();
    return submit([held, post(held.id, { asset: 2 })]);
  },
  pending_transfer_has_different_code: (s) => {
    const held = s.hold();
    return submit([held, post(held.id, { code: 2 })]);
  },
  pending_transfer_has_different_amount: (s) => {
    const held = s.hold();
    return submit([held, post(held.id, { amount: 9n, flags: { void: true } })]);
  },
  exceeds_pending_transfer_amount: (s) => {
    const held = s.hold();
    return submit([held, post(held.id, { amount: 11n })]);
  },
  debit_account_not_found: (s) => submit([s.move({ debitAccountId: freshId() })]),
  credit_account_not_found: (s) => submit([s.move({ creditAccountId: freshId() })]),
  accounts_must_have_the_same_asset: (s) => submit([s.move({ creditAccountId: s.e })]),
  transfer_must_have_the_same_asset_as_accounts: (s) => submit([s.move({ asset: 2 })]),
  debit_account_closed: (s) => {
    const id = freshId();
    return submit([
      account(id),
      s.flags({ accountId: id, set: { closed: true } }),
      s.move({ debitAccountId: id }),
    ]);
  },
  credit_account_closed: (s) => {
    const id = freshId();
    return submit([
      account(id),
      s.flags({ accountId: id, set: { closed: true } }),
      s.move({ creditAccountId: id }),
    ]);
  },
  debit_account_frozen: (s) => submit([s.flags({ set: { frozen: true } }), s.hold()]),
  overflows_debits_pending: () => fill(pending, () => pending),
  overflows_credits_pending: () => fill(pending, (fresh) => ({ ...pending, debitAccountId: fresh })),
  overflows_debits_posted: () => fill({}, () => ({})),
  overflows_credits_posted: () => fill({}, (fresh) => ({ debitAccountId: fresh })),
  overflows_debits: () => fill(pending, () => ({})),
  overflows_credits: () => fill(pending, (fresh) => ({ debitAccountId: fresh })),
  exceeds_credits: (s) => submit([s.move({ amount: 101n })]),
  exceeds_debits: (s) => submit([s.move({ creditAccountId: s.d })]),
  nothing_to_hold: (s) =>
    submit([s.move({ amount: 100n }), s.move({ flags: { pending: true, balancingDebit: true } })]),
  account_not_found: (s) => submit([s.flags({ accountId: freshId(), set: { frozen: true } })]),
  account_flags_unchanged: (s) => submit([s.flags({ clear: { frozen: true }, flags: { mustChange: true } })]),
  account_has_a_balance: (s) => submit([s.flags({ set: { closed: true } })]),
  account_has_holds: (s) => {
    const id = freshId();
    return submit([
      account(id),
      s.hold({ creditAccountId: id }),
      s.flags({ accountId: id, set: { closed: true } }),
    ]);
  },
};

/** Only the writer's own records can end so; a client's never reach the engine (see bad-input). */
const OUT_OF_REACH: readonly ResultName[] = ['pending_transfer_not_due', 'reserved_field_must_be_zero'];

it.each(Object.keys(SCENES) as ResultName[])('%s reaches the client', async (name) => {
  const scene = await new Scene().set();
  expect((await SCENES[name]!(scene)).at(-1)).toBe(name);
});

it('no other result is within reach of a client', () => {
  expect([...Object.keys(SCENES), ...OUT_OF_REACH].sort()).toEqual(Object.keys(RESULT).sort());
});
