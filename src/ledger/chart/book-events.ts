import type { PurposeName } from './purposes.ts';

/** How one step is booked. `hold` makes a pending transfer; `post` and `void` resolve that of another step. */
export type Form = 'move' | 'hold' | 'collect' | 'post' | 'void';

/** Which amount of the event a step takes; a step of amount zero is left out. */
export type AmountName = 'amount' | 'arrived' | 'fee' | 'unspent';

export interface Step {
  readonly name: string;
  readonly form: Form;
  readonly debit: PurposeName;
  readonly credit: PurposeName;
  /** Absent in a post or void: all of the hold. */
  readonly amount?: AmountName;
  /** Post and void: the event whose step of the same name made the hold. */
  readonly of?: string;
  /** The account of the event's second party: the payee, the wallet that receives. */
  readonly debitOfOther?: true;
  readonly creditOfOther?: true;
}

export interface BusinessEvent {
  /** The `code` of its transfers. */
  readonly code: number;
  readonly says: string;
  /** More than one make a linked chain: all or nothing. */
  readonly steps: readonly Step[];
}

interface BookAccounts {
  readonly balance: PurposeName;
  readonly coins: PurposeName;
  readonly inFlight: PurposeName;
  readonly suspense: PurposeName;
  readonly receivable: PurposeName;
}

export const VAULT: BookAccounts = {
  balance: 'vault',
  coins: 'vaultCoins',
  inFlight: 'vaultInFlight',
  suspense: 'vaultSuspense',
  receivable: 'vaultReceivable',
};
export const SPENDING: BookAccounts = {
  balance: 'spending',
  coins: 'treasury',
  inFlight: 'treasuryInFlight',
  suspense: 'treasurySuspense',
  receivable: 'spendingReceivable',
};

export function move(
  name: string,
  debit: PurposeName,
  credit: PurposeName,
  amount: AmountName = 'amount',
): Step {
  return { name, form: 'move', debit, credit, amount };
}

function end(form: 'post' | 'void', name: string, of: string, debit: PurposeName, credit: PurposeName): Step {
  return { name, form, of, debit, credit };
}

/** Up to the amount, what the balance has goes to what it owes. */
function collect({ balance, receivable }: BookAccounts): Step {
  return { name: 'collect', form: 'collect', debit: balance, credit: receivable, amount: 'amount' };
}

export function depositEvents(
  prefix: string,
  code: number,
  book: BookAccounts,
): Record<DepositEvent, BusinessEvent> {
  const { balance, coins, inFlight, suspense, receivable } = book;
  const seen = `${prefix}DepositSeen`;
  return {
    DepositSeen: {
      code: code + 1,
      says: 'A deposit is in the mempool or a block: pending, not spendable',
      steps: [{ name: 'receive', form: 'hold', debit: coins, credit: balance, amount: 'amount' }],
    },
    DepositCredited: {
      code: code + 2,
      says: 'It has its confirmations and is clean',
      steps: [end('post', 'receive', seen, coins, balance)],
    },
    DepositDropped: {
      code: code + 3,
      says: 'It left the chain before it was credited',
      steps: [end('void', 'receive', seen, coins, balance)],
    },
    DepositQuarantined: {
      code: code + 4,
      says: 'It was seen and confirmed, but screening stopped it',
      steps: [end('void', 'receive', seen, coins, balance), move('quarantine', coins, suspense)],
    },
    DepositReleased: {
      code: code + 5,
      says: 'Compliance let it go to its owner',
      steps: [move('release', suspense, balance)],
    },
    DepositReturned: {
      code: code + 6,
      says: 'Compliance sends it back: a payout from suspense, then confirmed like any other',
      steps: [move('return', suspense, inFlight)],
    },
    DepositReversed: {
      code: code + 7,
      says: 'A credited deposit left the chain: it is owed, and what is available pays at once',
      steps: [move('reverse', receivable, coins), collect(book)],
    },
    DepositReversedFrozen: {
      code: code + 8,
      says: 'The same for a frozen account: it is owed, and collected when the freeze ends',
      steps: [move('reverse', receivable, coins)],
    },
    DepositRemined: {
      code: code + 9,
      says: 'It is back in another block: credited again, and what is owed is paid from it',
      steps: [move('credit', coins, balance), collect(book)],
    },
    DepositReminedFrozen: {
      code: code + 10,
      says: 'The same for a frozen account: credited, and collected when the freeze ends',
      steps: [move('credit', coins, balance)],
    },
    ReceivableCollected: {
      code: code + 11,
      says: 'What is owed is paid from what is available, as far as it goes',
      steps: [collect(book)],
    },
    DepositUnquarantined: {
      code: code + 12,
      says: 'A quarantined deposit left the chain: nothing of it was ever credited',
      steps: [move('unquarantine', suspense, coins)],
    },
    DepositSetApart: {
      code: code + 13,
      says: 'It belongs to a closed account, or came back after it was reversed and is to be screened: quarantined at once',
      steps: [move('quarantine', coins, suspense)],
    },
  };
}

export function payoutEvents(
  prefix: string,
  code: number,
  book: BookAccounts,
  feeStep: Step,
): Record<PayoutEvent, BusinessEvent> {
  const { balance, coins, inFlight } = book;
  const held = `${prefix}WithdrawalHeld`;
  return {
    WithdrawalHeld: {
      code: code + 1,
      says: 'A withdrawal is requested: its amount, its fee and the network fee’s cap are held, without timeout',
      steps: [{ name: 'hold', form: 'hold', debit: balance, credit: inFlight, amount: 'amount' }],
    },
    WithdrawalReleased: {
      code: code + 2,
      says: 'It was rejected, cancelled or expired before anything was signed',
      steps: [end('void', 'hold', held, balance, inFlight)],
    },
    PayoutBroadcast: {
      code: code + 3,
      says: 'The payout was broadcast: the whole hold is in flight',
      steps: [end('post', 'hold', held, balance, inFlight)],
    },
    PayoutConfirmed: {
      code: code + 4,
      says: 'It is confirmed: *amount* left the wallet, network fee included; our *fee* is earned; the cap’s rest returns',
      steps: [move('pay', inFlight, coins), feeStep, move('refund', inFlight, balance, 'unspent')],
    },
    PayoutUnconfirmed: {
      code: code + 5,
      says: 'A reorganisation took the confirmation back: *amount* is in flight again',
      steps: [move('unpay', coins, inFlight)],
    },
    PayoutReconfirmed: {
      code: code + 6,
      says: 'It is confirmed again',
      steps: [move('pay', inFlight, coins)],
    },
    LegalHeld: {
      code: code + 8,
      says: 'A legal order holds an amount of the balance, without timeout',
      steps: [{ name: 'order', form: 'hold', debit: balance, credit: inFlight, amount: 'amount' }],
    },
    LegalLifted: {
      code: code + 9,
      says: 'The legal order is lifted',
      steps: [end('void', 'order', `${prefix}LegalHeld`, balance, inFlight)],
    },
    PayoutCancelled: {
      code: code + 7,
      says: 'A return of its inputs was confirmed: *amount* is the return’s network fee, *unspent* the rest',
      steps: [move('pay', inFlight, coins), move('refund', inFlight, balance, 'unspent')],
    },
  };
}

type DepositEvent =
  | 'DepositSeen'
  | 'DepositCredited'
  | 'DepositDropped'
  | 'DepositQuarantined'
  | 'DepositReleased'
  | 'DepositReturned'
  | 'DepositReversed'
  | 'DepositReversedFrozen'
  | 'DepositRemined'
  | 'DepositReminedFrozen'
  | 'ReceivableCollected'
  | 'DepositUnquarantined'
  | 'DepositSetApart';

type PayoutEvent =
  | 'WithdrawalHeld'
  | 'WithdrawalReleased'
  | 'PayoutBroadcast'
  | 'PayoutConfirmed'
  | 'PayoutUnconfirmed'
  | 'PayoutReconfirmed'
  | 'PayoutCancelled'
  | 'LegalHeld'
  | 'LegalLifted';

export function prefixed<P extends string, Name extends string>(
  prefix: P,
  events: Record<Name, BusinessEvent>,
): Record<`${P}${Name}`, BusinessEvent> {
  const renamed = Object.entries<BusinessEvent>(events).map(([name, event]) => [`${prefix}${name}`, event]);
  return Object.fromEntries(renamed) as Record<`${P}${Name}`, BusinessEvent>;
}
