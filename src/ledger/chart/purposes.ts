import type { AccountFlags } from '../format/index.ts';

/** Whose account it is: a vault wallet, a customer, a treasury wallet, or the institution itself. */
export type Owner = 'vaultWallet' | 'customer' | 'treasuryWallet' | 'institution';

/**
 * The two books. No posting has one foot in each: what backs a vault is that vault's own coins, what backs
 * spending balances is the treasury.
 */
export type Book = 'vault' | 'treasury';

/** Claims on us and income grow by credits; what we hold, are owed or have spent grows by debits. */
export type Side = 'credit' | 'debit' | 'either';

export interface Purpose {
  /** The account's `code` in the ledger. */
  readonly code: number;
  readonly book: Book;
  readonly owner: Owner;
  readonly side: Side;
  readonly says: string;
}

/** Every kind of account there is, once per asset and owner. */
export const PURPOSES = {
  vault: {
    ...{ code: 10, book: 'vault', owner: 'vaultWallet', side: 'credit' },
    says: 'What the customer has in one vault wallet',
  },
  vaultCoins: {
    ...{ code: 11, book: 'vault', owner: 'vaultWallet', side: 'debit' },
    says: 'The wallet’s unspent outputs, as the books see them',
  },
  vaultInFlight: {
    ...{ code: 12, book: 'vault', owner: 'vaultWallet', side: 'credit' },
    says: 'Taken from the balance for payouts that are not confirmed yet',
  },
  vaultSuspense: {
    ...{ code: 13, book: 'vault', owner: 'vaultWallet', side: 'credit' },
    says: 'Received, but not credited to anybody: quarantine and dust',
  },
  vaultReceivable: {
    ...{ code: 14, book: 'vault', owner: 'vaultWallet', side: 'debit' },
    says: 'Credited once and gone from the chain since: owed by the wallet’s balance',
  },
  spending: {
    ...{ code: 20, book: 'treasury', owner: 'customer', side: 'credit' },
    says: 'What the customer can spend at once, a claim on the treasury',
  },
  treasury: {
    ...{ code: 21, book: 'treasury', owner: 'treasuryWallet', side: 'debit' },
    says: 'The unspent outputs of one treasury wallet',
  },
  treasuryInFlight: {
    ...{ code: 22, book: 'treasury', owner: 'treasuryWallet', side: 'credit' },
    says: 'Taken from spending balances for payouts of this wallet that are not confirmed yet',
  },
  treasurySuspense: {
    ...{ code: 23, book: 'treasury', owner: 'treasuryWallet', side: 'credit' },
    says: 'Received, but not credited to anybody: quarantine and dust',
  },
  spendingReceivable: {
    ...{ code: 24, book: 'treasury', owner: 'customer', side: 'debit' },
    says: 'Owed by the customer after a credited deposit has gone from the chain',
  },
  fees: {
    ...{ code: 25, book: 'treasury', owner: 'institution', side: 'credit' },
    says: 'Fees earned',
  },
  networkFees: {
    ...{ code: 26, book: 'treasury', owner: 'institution', side: 'debit' },
    says: 'Network fees that the institution has paid itself',
  },
  equity: {
    ...{ code: 27, book: 'treasury', owner: 'institution', side: 'either' },
    says: 'The institution’s own funds, less losses written off',
  },
} as const satisfies Record<string, Purpose>;

export type PurposeName = keyof typeof PURPOSES;

/** The limit that keeps an account on its side: no claim is overdrawn, and no coin is spent that is not there. */
export function limitsOf(
  purpose: PurposeName,
): Pick<AccountFlags, 'debitsMustNotExceedCredits' | 'creditsMustNotExceedDebits'> {
  const side: Side = PURPOSES[purpose].side;
  if (side === 'credit') return { debitsMustNotExceedCredits: true };
  if (side === 'debit') return { creditsMustNotExceedDebits: true };
  return {};
}
