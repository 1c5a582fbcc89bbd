import { describe, expect, it } from 'vitest';
import {
  accountId,
  bookEvent,
  EVENTS,
  eventTransferId,
  LedgerChartError,
  PURPOSES,
  stepTransferId,
  type BusinessEvent,
  type EventName,
} from '../../../src/ledger/chart/index.ts';
import { idTimeMs } from '../../../src/ledger/format/index.ts';
import { BTC, Books, entity, PARTIES } from './books.ts';
import { ledgerDocument } from './ledger-document.ts';

const events: [string, BusinessEvent][] = Object.entries(EVENTS);

describe('the chart of accounts', () => {
  it('is what docs/ledger.md says', async () => {
    await expect(await ledgerDocument()).toMatchFileSnapshot('../../../docs/ledger.md');
  });

  it('never books between vault and treasury', () => {
    for (const [name, { steps }] of events) {
      for (const { debit, credit } of steps) {
        expect([name, PURPOSES[debit].book]).toEqual([name, PURPOSES[credit].book]);
      }
    }
  });

  it('has one code per event and per purpose, and one name per step', () => {
    const codes = [...events.map(([, { code }]) => code), ...Object.values(PURPOSES).map(({ code }) => code)];
    expect(new Set(codes).size).toBe(codes.length);
    for (const [, { steps }] of events)
      expect(new Set(steps.map(({ name }) => name)).size).toBe(steps.length);
  });

  it('posts and voids holds that exist, between the same accounts', () => {
    for (const [, { steps }] of events) {
      for (const { of, name, debit, credit } of steps) {
        if (of === undefined) continue;
        const hold = EVENTS[of as EventName].steps.find((step) => step.name === name);
        expect(hold).toMatchObject({ form: 'hold', debit, credit });
      }
    }
  });

  it('derives ids from what they are for', () => {
    const ids = [
      accountId('vault', BTC, PARTIES.vaultWallet),
      accountId('vault', 2, PARTIES.vaultWallet),
      accountId('vaultCoins', BTC, PARTIES.vaultWallet),
      accountId('vault', BTC, PARTIES.treasuryWallet),
      stepTransferId(entity(1), 'a', 1),
      stepTransferId(entity(1), 'a', 2),
      stepTransferId(entity(1), 'b', 1),
      stepTransferId(entity(2), 'a', 1),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(stepTransferId(entity(1), 'a', 1)).toBe(stepTransferId(entity(1), 'a', 1));
    const id = stepTransferId(entity(1), 'a', 1);
    expect([(id >> 76n) & 15n, (id >> 62n) & 3n]).toEqual([7n, 2n]);
    expect(idTimeMs(id)).toBe(0x01a300000000);
  });

  it('names the transfer of a step before it is booked', () => {
    const [reverse, collect] = bookEvent({
      ...{ event: 'vaultDepositReversed', entity: entity(1), attempt: 3, asset: BTC, parties: PARTIES },
      amounts: { amount: 1n },
    } as const);
    expect(reverse?.id).toBe(eventTransferId('vaultDepositReversed', 'reverse', entity(1), 3));
    expect(collect?.id).toBe(eventTransferId('vaultDepositReversed', 'collect', entity(1), 3));
  });

  it('refuses an event without its party or without an amount', () => {
    const seen = { event: 'vaultDepositSeen', entity: entity(1), asset: BTC } as const;
    const wrong = [
      { ...seen, parties: { customer: PARTIES.customer }, amounts: { amount: 1n } },
      { ...seen, parties: PARTIES, amounts: { fee: 1n } },
    ];
    expect(wrong.map((occurrence) => codeOf(() => bookEvent(occurrence)))).toEqual([
      'chart_owner_missing',
      'chart_amount_missing',
    ]);
  });
});

function codeOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error instanceof LedgerChartError ? error.code : error;
  }
}

describe('events on the books', () => {
  it('keep both equations through every event there is', () => {
    const books = new Books();
    for (const [event, about, amounts] of STORY) {
      const results = books.book(event, about, amounts);
      expect([event, ...results.filter((result) => result !== 'ok')]).toEqual([event]);
      expect([event, books.imbalances()]).toEqual([event, { vault: 0n, treasury: 0n }]);
      const again = books.book(event, about, amounts);
      expect(new Set(again)).toEqual(new Set(['exists']));
    }
    expect(Object.keys(EVENTS).filter((event) => !books.booked.has(event))).toEqual([]);
    expect(
      ['vault', 'vaultInFlight', 'spending', 'fees', 'equity'].map((name) => books.balance(name as 'vault')),
    ).toEqual([12_340n, 0n, 15_990n, 60n, 500n]);
  });
});

type Booking = readonly [
  EventName,
  number,
  { amount?: bigint; arrived?: bigint; fee?: bigint; unspent?: bigint },
];

/** One of everything, in an order that could happen. */
const STORY: readonly Booking[] = [
  ...(['vault', 'spending'] as const).flatMap((book, index): Booking[] => [
    [`${book}DepositSeen`, index * 50 + 1, { amount: 10_000n }],
    [`${book}DepositCredited`, index * 50 + 1, {}],
    [`${book}DepositSeen`, index * 50 + 2, { amount: 300n }],
    [`${book}DepositDropped`, index * 50 + 2, {}],
    [`${book}DepositSeen`, index * 50 + 3, { amount: 400n }],
    [`${book}DepositQuarantined`, index * 50 + 3, { amount: 400n }],
    [`${book}DepositReleased`, index * 50 + 3, { amount: 300n }],
    [`${book}DepositReturned`, index * 50 + 3, { amount: 100n }],
    [`${book}PayoutReconfirmed`, index * 50 + 3, { amount: 100n }],
    [`${book}DepositSeen`, index * 50 + 9, { amount: 200n }],
    [`${book}DepositQuarantined`, index * 50 + 9, { amount: 200n }],
    [`${book}DepositUnquarantined`, index * 50 + 9, { amount: 200n }],
    [`${book}DepositSetApart`, index * 50 + 19, { amount: 200n }],
    [`${book}DepositSeen`, index * 50 + 4, { amount: 5000n }],
    [`${book}DepositCredited`, index * 50 + 4, {}],
    [`${book}DepositReversed`, index * 50 + 4, { amount: 5000n }],
    [`${book}DepositRemined`, index * 50 + 4, { amount: 5000n }],
    [`${book}DepositReversedFrozen`, index * 50 + 5, { amount: 5000n }],
    [`${book}DepositReminedFrozen`, index * 50 + 5, { amount: 5000n }],
    [`${book}ReceivableCollected`, index * 50 + 5, { amount: 5000n }],
    [`${book}WithdrawalHeld`, index * 50 + 6, { amount: 1100n }],
    [`${book}WithdrawalReleased`, index * 50 + 6, {}],
    [`${book}WithdrawalHeld`, index * 50 + 7, { amount: 1100n }],
    [`${book}PayoutBroadcast`, index * 50 + 7, {}],
  ]),
  ['equityPaidIn', 200, { amount: 600n }],
  ...(['vault', 'spending'] as const).flatMap((book, index): Booking[] => [
    [
      `${book}PayoutConfirmed`,
      index * 50 + 7,
      {
        amount: 1030n - BigInt(index) * 20n,
        fee: 20n,
        unspent: 70n,
      },
    ],
    [`${book}PayoutUnconfirmed`, index * 50 + 7, { amount: 1010n }],
    [`${book}PayoutReconfirmed`, index * 50 + 7, { amount: 1010n }],
    [`${book}WithdrawalHeld`, index * 50 + 8, { amount: 2000n }],
    [`${book}PayoutBroadcast`, index * 50 + 8, {}],
    [`${book}PayoutCancelled`, index * 50 + 8, { amount: 30n, unspent: 1970n }],
    [`${book}LegalHeld`, index * 50 + 20, { amount: 500n }],
    [`${book}LegalLifted`, index * 50 + 20, {}],
  ]),
  ['vaultWithdrawalHeld', 210, { amount: 3000n }],
  ['vaultPayoutBroadcast', 210, {}],
  ['vaultToSpendingConfirmed', 210, { amount: 2900n, arrived: 2880n, unspent: 100n }],
  ['spendingWithdrawalHeld', 211, { amount: 1020n }],
  ['spendingPayoutBroadcast', 211, {}],
  ['spendingToVaultConfirmed', 211, { amount: 1010n, arrived: 1000n, unspent: 10n }],
  ['instantTransfer', 212, { amount: 100n, fee: 10n }],
  ['feeCharged', 213, { amount: 10n }],
  ['treasuryMoved', 214, { arrived: 700n, fee: 5n }],
  ['treasuryMoveUndone', 214, { arrived: 700n, fee: 5n }],
  ['spendingDepositReversedFrozen', 215, { amount: 100n }],
  ['writtenOff', 215, { amount: 100n }],
];
