import {
  depositEvents,
  move,
  payoutEvents,
  prefixed,
  SPENDING,
  VAULT,
  type BusinessEvent,
} from './book-events.ts';

/** Every business event and its postings. docs/ledger.md is made from this table. */
export const EVENTS = {
  ...prefixed('vault', depositEvents('vault', 100, VAULT)),
  // A vault pays our fee by an output to the treasury, within the payout: coins move, so the books stay apart.
  ...prefixed('vault', payoutEvents('vault', 120, VAULT, move('earn', 'treasury', 'fees', 'fee'))),
  ...prefixed('spending', depositEvents('spending', 200, SPENDING)),
  ...prefixed(
    'spending',
    payoutEvents('spending', 220, SPENDING, move('earn', 'treasuryInFlight', 'fees', 'fee')),
  ),
  vaultToSpendingConfirmed: {
    code: 301,
    says: 'A vault payout to the treasury is confirmed: *amount* left the vault, network fee included, and *arrived* is credited',
    steps: [
      move('pay', 'vaultInFlight', 'vaultCoins'),
      move('credit', 'treasury', 'spending', 'arrived'),
      move('refund', 'vaultInFlight', 'vault', 'unspent'),
    ],
  },
  spendingToVaultConfirmed: {
    code: 302,
    says: 'A treasury payout to the vault is confirmed: the same the other way round',
    steps: [
      move('pay', 'treasuryInFlight', 'treasury'),
      move('credit', 'vaultCoins', 'vault', 'arrived'),
      move('refund', 'treasuryInFlight', 'spending', 'unspent'),
    ],
  },
  instantTransfer: {
    code: 303,
    says: 'One customer pays another, at once',
    steps: [
      { ...move('pay', 'spending', 'spending'), creditOfOther: true },
      move('charge', 'spending', 'fees', 'fee'),
    ],
  },
  feeCharged: {
    code: 304,
    says: 'A fee for anything else',
    steps: [move('charge', 'spending', 'fees')],
  },
  writtenOff: {
    code: 305,
    says: 'What a customer owes is given up',
    steps: [move('lose', 'equity', 'spendingReceivable')],
  },
  equityPaidIn: {
    code: 306,
    says: 'The institution puts its own coins into the treasury',
    steps: [move('pay', 'treasury', 'equity')],
  },
  treasuryMoved: {
    code: 307,
    says: 'Coins move from one treasury wallet to another, by sweep or refill; the network fee is ours',
    steps: [
      { ...move('move', 'treasury', 'treasury', 'arrived'), debitOfOther: true },
      move('spend', 'networkFees', 'treasury', 'fee'),
    ],
  },
  treasuryMoveUndone: {
    code: 308,
    says: 'A reorganisation took the block of a move: its coins are where they were, and no fee is spent',
    steps: [
      { ...move('unmove', 'treasury', 'treasury', 'arrived'), creditOfOther: true },
      move('unspend', 'treasury', 'networkFees', 'fee'),
    ],
  },
} as const satisfies Record<string, BusinessEvent>;

export type EventName = keyof typeof EVENTS;
