import { describe, expect, it } from 'vitest';
import { accountId } from '../../../src/ledger/chart/index.ts';
import { idAt } from '../engine/ids.ts';
import { BTC, Books, PARTIES } from './books.ts';

describe.each(['vault', 'spending'] as const)('the %s balance', (book) => {
  const freeze = (books: Books, frozen: boolean, number: number): string[] =>
    books.submit([
      {
        ...({ kind: 'accountFlags', id: idAt(number), code: 1 } as const),
        accountId: accountId(book, BTC, book === 'vault' ? PARTIES.vaultWallet : PARTIES.customer),
        ...(frozen ? { set: { frozen: true } } : { clear: { frozen: true } }),
      },
    ]);

  it('does not include money that is pending', () => {
    const books = new Books();
    books.book(`${book}DepositSeen`, 1, { amount: 100n });
    expect([books.balance(book), books.available(book)]).toEqual([0n, 0n]);
    expect(books.book(`${book}WithdrawalHeld`, 2, { amount: 1n })).toEqual(['exceeds_credits']);
    books.book(`${book}DepositCredited`, 1, {});
    expect(books.book(`${book}WithdrawalHeld`, 2, { amount: 100n }, 2)).toEqual(['ok']);
    expect([books.balance(book), books.available(book)]).toEqual([100n, 0n]);
    expect(books.book(`${book}WithdrawalHeld`, 3, { amount: 1n })).toEqual(['exceeds_credits']);
  });

  it('lets no coin leave the books that is not in them', () => {
    const books = new Books();
    books.book(`${book}DepositSeen`, 1, { amount: 100n });
    books.book(`${book}DepositCredited`, 1, {});
    expect(books.book(`${book}DepositReversed`, 1, { amount: 100n })).toEqual(['ok', 'ok']);
    // A deposit that never was, taken back: it would be owed, and the wallet would hold less than nothing.
    expect(books.book(`${book}DepositReversed`, 2, { amount: 50n })).toContain('exceeds_debits');
    expect(books.balance(`${book}Receivable`)).toBe(0n);
    expect(books.imbalances()).toEqual({ vault: 0n, treasury: 0n });
  });

  it('pays what it can when a deposit vanishes, owes the rest, and is whole again when it is mined anew', () => {
    const books = new Books();
    const owed = (): bigint => books.balance(`${book}Receivable`);
    books.book(`${book}DepositSeen`, 1, { amount: 100n });
    books.book(`${book}DepositCredited`, 1, {});
    books.book(`${book}DepositSeen`, 2, { amount: 50n });
    books.book(`${book}DepositCredited`, 2, {});
    books.book(`${book}WithdrawalHeld`, 3, { amount: 120n });
    expect(books.book(`${book}DepositReversed`, 1, { amount: 100n })).toEqual(['ok', 'ok']);
    expect([books.balance(book), books.available(book), owed()]).toEqual([120n, 0n, 70n]);
    expect(books.imbalances()).toEqual({ vault: 0n, treasury: 0n });
    books.book(`${book}WithdrawalReleased`, 3, {});
    expect(books.book(`${book}DepositRemined`, 1, { amount: 100n }, 2)).toEqual(['ok', 'ok']);
    expect([books.balance(book), owed()]).toEqual([150n, 0n]);
    expect(books.imbalances()).toEqual({ vault: 0n, treasury: 0n });
  });

  it('while frozen refuses new holds and collections, takes credits, and lets what is under way end', () => {
    const books = new Books();
    books.book(`${book}DepositSeen`, 1, { amount: 100n });
    books.book(`${book}DepositCredited`, 1, {});
    books.book(`${book}WithdrawalHeld`, 2, { amount: 30n });
    books.book(`${book}WithdrawalHeld`, 3, { amount: 30n });
    expect(freeze(books, true, 1)).toEqual(['ok']);
    expect(books.book(`${book}WithdrawalHeld`, 4, { amount: 1n })).toEqual(['debit_account_frozen']);
    expect(books.book(`${book}PayoutBroadcast`, 2, {})).toEqual(['ok']);
    expect(books.book(`${book}WithdrawalReleased`, 3, {})).toEqual(['ok']);
    expect(books.book(`${book}DepositReversed`, 1, { amount: 100n })).toEqual([
      ...['linked_record_failed', 'debit_account_frozen'],
    ]);
    expect(books.book(`${book}DepositSeen`, 5, { amount: 40n })).toEqual(['ok']);
    expect(books.book(`${book}DepositCredited`, 5, {})).toEqual(['ok']);
    expect(books.book(`${book}DepositReversedFrozen`, 1, { amount: 100n })).toEqual(['ok']);
    expect(freeze(books, false, 2)).toEqual(['ok']);
    expect(books.book(`${book}ReceivableCollected`, 1, { amount: 100n })).toEqual(['ok']);
    expect([books.balance(book), books.balance(`${book}Receivable`)]).toEqual([10n, 0n]);
    expect(books.imbalances()).toEqual({ vault: 0n, treasury: 0n });
  });
});
