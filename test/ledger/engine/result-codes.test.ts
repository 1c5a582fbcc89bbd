import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  AMOUNT_ALL,
  encodeClock,
  encodeCommand,
  MAX_UINT128,
  RESULT,
  resultName,
  type LedgerCommand,
  type ResultName,
} from '../../../src/ledger/format/index.ts';
import { Harness } from './harness.ts';
import { idAt, START_MS } from './ids.ts';

type Patch = readonly [offset: number, ...bytes: number[]];

/** One record as bytes, with some of them overwritten. */
function patched(command: LedgerCommand, ...patches: Patch[]): Uint8Array {
  const bytes = new Uint8Array(128);
  encodeCommand(command, bytes);
  for (const [offset, ...values] of patches) bytes.set(values, offset);
  return bytes;
}

const raw = (h: Harness, bytes: Uint8Array): ResultName[] =>
  h.apply(bytes).map(({ result }) => resultName(result)!);
const flagsOf = (h: Harness, change: object): LedgerCommand => ({
  ...({ kind: 'accountFlags', id: h.freshId(), accountId: 1n, code: 1 } as const),
  ...change,
});
const account = (change: object): LedgerCommand => ({
  ...({ kind: 'account', id: 9n, asset: 1, code: 1 } as const),
  ...change,
});
const pending = { flags: { pending: true } };

/** Makes a hold of 10 from 1 to 2 and returns its id. */
function hold(h: Harness, timeoutSeconds = 0): bigint {
  const command = h.transfer({ amount: 10n, flags: { pending: true }, timeoutSeconds });
  expect(h.submit([command])).toEqual(['ok']);
  return command.id;
}

function resolve(h: Harness, pendingId: bigint, change: object = {}): LedgerCommand {
  return {
    kind: 'transfer',
    id: h.freshId(),
    pendingId,
    amount: AMOUNT_ALL,
    flags: { post: true },
    ...change,
  };
}

/** Applies `first`, then the same with `change`; the answer to the second. */
function twice(h: Harness, change: object, first = h.transfer()): ResultName[] {
  h.submit([first]);
  return h.submit([{ ...first, ...change }]);
}

/** For every result there is, a history that ends in it. */
const HISTORIES: Record<ResultName, (h: Harness) => ResultName[]> = {
  ok: (h) => h.submit([h.transfer()]),
  record_kind_unknown: (h) => raw(h, patched(h.transfer(), [120, 6])),
  record_kind_not_for_clients: (h) => {
    const clock = new Uint8Array(128);
    encodeClock(clock);
    clock[121] = 0;
    return raw(h, clock);
  },
  reserved_field_must_be_zero: (h) => raw(h, patched(h.transfer(), [121, 0x80])),
  reserved_flag_must_be_zero: (h) => raw(h, patched(h.transfer(), [119, 0x80])),
  id_must_not_be_zero: (h) => h.submit([h.transfer({ id: 0n })]),
  id_must_not_be_max: (h) => h.submit([h.transfer({ id: MAX_UINT128 })]),
  id_must_be_uuid_v7: (h) => h.submit([h.transfer({ id: idAt(1) ^ (1n << 63n) })]),
  flags_are_mutually_exclusive: (h) => h.submit([resolve(h, 1n, { flags: { post: true, void: true } })]),
  pending_id_must_be_zero: (h) => h.submit([h.transfer({ pendingId: 1n })]),
  pending_id_must_not_be_zero: (h) => h.submit([resolve(h, 0n)]),
  pending_id_must_be_different: (h) => h.submit([resolve(h, idAt(1), { id: idAt(1) })]),
  debit_account_id_must_not_be_zero: (h) => h.submit([h.transfer({ debitAccountId: 0n })]),
  debit_account_id_must_not_be_max: (h) => h.submit([h.transfer({ debitAccountId: MAX_UINT128 })]),
  credit_account_id_must_not_be_zero: (h) => h.submit([h.transfer({ creditAccountId: 0n })]),
  credit_account_id_must_not_be_max: (h) => h.submit([h.transfer({ creditAccountId: MAX_UINT128 })]),
  accounts_must_be_different: (h) => h.submit([h.transfer({ creditAccountId: 1n })]),
  timeout_reserved_for_pending_transfer: (h) => h.submit([h.transfer({ timeoutSeconds: 1 })]),
  amount_must_not_be_zero: (h) => h.submit([h.transfer({ amount: 0n })]),
  asset_must_not_be_zero: (h) => h.submit([h.transfer({ asset: 0 })]),
  code_must_not_be_zero: (h) => h.submit([h.transfer({ code: 0 })]),
  account_flags_are_mutually_exclusive: (h) =>
    h.submit([flagsOf(h, { set: { frozen: true }, clear: { frozen: true } })]),
  account_flags_must_not_be_zero: (h) => h.submit([flagsOf(h, {})]),
  account_flag_is_not_changeable: (h) =>
    h.submit([flagsOf(h, { set: { debitsMustNotExceedCredits: true } })]),
  id_is_from_the_future: (h) => h.submit([h.transfer({ id: idAt(1, START_MS + 10_001) })]),
  exists_with_different_kind: (h) => {
    const first = h.transfer();
    h.submit([first]);
    return h.submit([flagsOf(h, { id: first.id, set: { frozen: true } })]);
  },
  exists_with_different_flags: (h) => twice(h, pending),
  exists_with_different_pending_id: (h) => {
    const first = resolve(h, hold(h));
    h.submit([first]);
    return h.submit([{ ...first, pendingId: 5n } as LedgerCommand]);
  },
  exists_with_different_timeout: (h) =>
    twice(h, { timeoutSeconds: 2 }, h.transfer({ ...pending, timeoutSeconds: 1 })),
  exists_with_different_account_flags: (h) => {
    const first = flagsOf(h, { set: { frozen: true } });
    h.submit([first]);
    return h.submit([{ ...first, set: {}, clear: { frozen: true } } as LedgerCommand]);
  },
  exists_with_different_debit_account_id: (h) => twice(h, { debitAccountId: 3n }),
  exists_with_different_credit_account_id: (h) => twice(h, { creditAccountId: 3n }),
  exists_with_different_amount: (h) => twice(h, { amount: 2n }),
  exists_with_different_asset: (h) => twice(h, { asset: 2 }),
  exists_with_different_code: (h) => twice(h, { code: 2 }),
  exists_with_different_user_data_128: (h) => twice(h, { userData128: 1n }),
  exists_with_different_user_data_64: (h) => twice(h, { userData64: 1n << 63n }),
  exists_with_different_user_data_32: (h) => twice(h, { userData32: 1 }),
  exists: (h) => twice(h, {}),
  linked_chain_open: (h) => h.submit([h.transfer({ flags: { linked: true } })]),
  linked_record_failed: (h) =>
    h.submit([h.transfer({ amount: 101n, flags: { linked: true } }), h.transfer()]).slice(1),
  pending_transfer_not_found: (h) => h.submit([resolve(h, idAt(77))]),
  pending_transfer_already_posted: (h) => {
    const id = hold(h);
    return h.submit([resolve(h, id), resolve(h, id)]).slice(1);
  },
  pending_transfer_already_voided: (h) => {
    const id = hold(h);
    return h.submit([resolve(h, id, { amount: 0n, flags: { void: true } }), resolve(h, id)]).slice(1);
  },
  pending_transfer_expired: (h) => h.submit([resolve(h, hold(h, 1))], START_MS + 1000),
  pending_transfer_not_due: (h) => {
    const id = hold(h, 1);
    const expiry = new Uint8Array(128);
    expect(h.engine.dueExpiries(START_MS + 1000, expiry, 0, 1)).toBe(1);
    expect(id).toBeGreaterThan(0n);
    return h.apply(expiry, START_MS + 999).map(({ result }) => resultName(result)!);
  },
  pending_transfer_has_different_debit_account_id: (h) =>
    h.submit([resolve(h, hold(h), { debitAccountId: 3n })]),
  pending_transfer_has_different_credit_account_id: (h) =>
    h.submit([resolve(h, hold(h), { creditAccountId: 3n })]),
  pending_transfer_has_different_asset: (h) => h.submit([resolve(h, hold(h), { asset: 2 })]),
  pending_transfer_has_different_code: (h) => h.submit([resolve(h, hold(h), { code: 2 })]),
  pending_transfer_has_different_amount: (h) =>
    h.submit([resolve(h, hold(h), { amount: 9n, flags: { void: true } })]),
  exceeds_pending_transfer_amount: (h) => h.submit([resolve(h, hold(h), { amount: 11n })]),
  debit_account_not_found: (h) => h.submit([h.transfer({ debitAccountId: 8n })]),
  credit_account_not_found: (h) => h.submit([h.transfer({ creditAccountId: 8n })]),
  accounts_must_have_the_same_asset: (h) => h.submit([h.transfer({ creditAccountId: 5n })]),
  transfer_must_have_the_same_asset_as_accounts: (h) => h.submit([h.transfer({ asset: 2 })]),
  debit_account_closed: (h) => close(h, h.transfer({ debitAccountId: 9n })),
  credit_account_closed: (h) => close(h, h.transfer({ creditAccountId: 9n })),
  debit_account_frozen: (h) =>
    h.submit([flagsOf(h, { set: { frozen: true } }), h.transfer(pending)]).slice(1),
  overflows_debits_pending: (h) => fill(h, pending, pending),
  overflows_credits_pending: (h) => fill(h, pending, { ...pending, debitAccountId: 9n }),
  overflows_debits_posted: (h) => fill(h, {}, {}),
  overflows_credits_posted: (h) => fill(h, {}, { debitAccountId: 9n }),
  overflows_debits: (h) => fill(h, pending, {}),
  overflows_credits: (h) => fill(h, pending, { debitAccountId: 9n }),
  exceeds_credits: (h) => h.submit([h.transfer({ amount: 101n })]),
  exceeds_debits: (h) => h.submit([h.transfer({ creditAccountId: 4n })]),
  nothing_to_hold: (h) =>
    h
      .submit([h.transfer({ amount: 100n }), h.transfer({ flags: { pending: true, balancingDebit: true } })])
      .slice(1),
  account_not_found: (h) => h.submit([flagsOf(h, { accountId: 8n, set: { frozen: true } })]),
  account_flags_unchanged: (h) =>
    h.submit([flagsOf(h, { clear: { frozen: true }, flags: { mustChange: true } })]),
  account_has_a_balance: (h) => h.submit([flagsOf(h, { set: { closed: true } })]),
  account_has_holds: (h) =>
    h
      .submit([
        account({}),
        h.transfer({ creditAccountId: 9n, ...pending }),
        flagsOf(h, { accountId: 9n, set: { closed: true } }),
      ])
      .slice(2),
};

function close(h: Harness, transfer: LedgerCommand): ResultName[] {
  return h.submit([account({}), flagsOf(h, { accountId: 9n, set: { closed: true } }), transfer]).slice(2);
}

/** A first transfer that leaves no more than 50 below 2^128 between new, unlimited accounts, then one of 51. */
function fill(h: Harness, first: object, second: object): ResultName[] {
  const commands = [
    ...[9n, 10n, 11n].map((id) => account({ id })),
    h.transfer({ debitAccountId: 10n, creditAccountId: 11n, amount: MAX_UINT128 - 50n, ...first }),
    h.transfer({ debitAccountId: 10n, creditAccountId: 11n, amount: 51n, ...second }),
  ];
  return h.submit(commands).slice(4);
}

describe('result codes', () => {
  it.each(Object.entries(HISTORIES))('%s', (name, history) => {
    const results = history(new Harness());
    expect(results).toEqual([name]);
  });

  it('are listed with their numbers in the document', () => {
    const document = readFileSync(new URL('../../../docs/ledger-format.md', import.meta.url), 'utf8');
    const listed = [...document.matchAll(/\| +(\d+) \| `([a-z]\w*)`/g)].map(([, code, name]) => [
      name,
      Number(code),
    ]);
    expect(Object.fromEntries(listed)).toEqual(RESULT);
  });

  it('take precedence by number: the lowest that applies is given', () => {
    const h = new Harness();
    const everything = {
      debitAccountId: 8n,
      creditAccountId: 8n,
      amount: 0n,
      asset: 0,
      code: 0,
      timeoutSeconds: 1,
    };
    const repairs: [object, ResultName][] = [
      [{ pendingId: 1n }, 'pending_id_must_be_zero'],
      [{}, 'accounts_must_be_different'],
      [{ creditAccountId: 5n }, 'timeout_reserved_for_pending_transfer'],
      [{ timeoutSeconds: 0 }, 'amount_must_not_be_zero'],
      [{ amount: 1000n }, 'asset_must_not_be_zero'],
      [{ asset: 2 }, 'code_must_not_be_zero'],
      [{ code: 1, id: idAt(1, START_MS + 20_000) }, 'id_is_from_the_future'],
      [{ id: idAt(1) }, 'debit_account_not_found'],
      [{ id: idAt(2), debitAccountId: 1n }, 'accounts_must_have_the_same_asset'],
      [{ id: idAt(3), creditAccountId: 2n }, 'transfer_must_have_the_same_asset_as_accounts'],
      [{ id: idAt(4), asset: 1 }, 'exceeds_credits'],
      [{ id: idAt(5), amount: 1n }, 'ok'],
    ];
    let given = {};
    for (const [repair, expected] of repairs) {
      given = { ...given, ...repair };
      const { pendingId, ...rest } = { ...everything, ...given } as { pendingId?: bigint };
      const isFirst = expected === 'pending_id_must_be_zero' && pendingId !== undefined;
      const command = h.transfer({ ...rest, ...(isFirst ? { pendingId } : {}) });
      expect([expected, ...h.submit([command])]).toEqual([expected, expected]);
    }
  });

  it('that are rejections are given again for ever, those of form and time are not', () => {
    const h = new Harness();
    const rejected = h.transfer({ amount: 101n });
    const future = h.transfer({ id: idAt(5, START_MS + 10_001) });
    expect(h.submit([rejected, future])).toEqual(['exceeds_credits', 'id_is_from_the_future']);
    h.submit([h.transfer({ debitAccountId: 3n, creditAccountId: 1n, amount: 1000n })]);
    expect(h.submit([rejected, future], START_MS + 1)).toEqual(['exceeds_credits', 'ok']);
  });

  it('are repeated for a whole chain, applied or failed', () => {
    const h = new Harness();
    const chain = (amount: bigint): LedgerCommand[] => [
      h.transfer({ flags: { linked: true } }),
      h.transfer({ amount, flags: { linked: true } }),
      h.transfer(),
    ];
    const [good, bad] = [chain(5n), chain(500n)];
    expect([h.submit(good), h.submit(good)]).toEqual([
      ['ok', 'ok', 'ok'],
      ['exists', 'exists', 'exists'],
    ]);
    const failed = ['linked_record_failed', 'exceeds_credits', 'linked_record_failed'];
    expect([h.submit(bad), h.submit(bad)]).toEqual([failed, failed]);
  });
});
