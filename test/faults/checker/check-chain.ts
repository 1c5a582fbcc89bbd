import type { Promises } from '../support/promises.ts';
import { bookAccount, type RawBooks } from './raw-books.ts';
import { scriptOfAddress, type RawChain, type RawTransaction } from './raw-chain.ts';

/** A wallet of the tables, by what it says itself: its addresses. */
export interface WalletFacts {
  readonly id: string;
  /** Null: the treasury. */
  readonly customer: string | null;
  readonly scripts: ReadonlySet<string>;
}

export const CODE = {
  ...{ vault: 10, vaultCoins: 11, vaultInFlight: 12, vaultSuspense: 13, vaultReceivable: 14 },
  ...{ spending: 20, treasury: 21, treasuryInFlight: 22, treasurySuspense: 23, spendingReceivable: 24 },
};

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

/** The transactions of the chain that spend a coin of a wallet. */
export function paidOutOf(chain: RawChain, { scripts }: WalletFacts): RawTransaction[] {
  return chain.transactions.filter(({ spends }) =>
    spends.some((outpoint) => scripts.has(chain.output(outpoint)?.script ?? '')),
  );
}

/** Everybody was paid as promised: once, or never. */
export function checkPayments(chain: RawChain, promises: Promises): string[] {
  const findings: string[] = [];
  for (const { id, payee, satoshis, end } of promises.withdrawals) {
    const paid = chain.paying(scriptOfAddress(payee));
    const times = paid.length;
    if (end === 'paid' ? times !== 1 : end === 'cancelled' ? times !== 0 : times > 1) {
      findings.push(`${id} (${end}) was paid ${times} times`);
    }
    if (paid.some((output) => output.satoshis !== satoshis)) findings.push(`${id} was paid another amount`);
  }
  for (const { outpoint, satoshis } of promises.deposits) {
    if (chain.output(outpoint)?.satoshis !== satoshis) findings.push(`${outpoint} is not on the chain`);
  }
  return findings;
}

/** Per wallet the books are its unspent outputs, and nothing is left between two accounts. */
export function checkBooks(chain: RawChain, books: RawBooks, wallets: readonly WalletFacts[]): string[] {
  const findings: string[] = [];
  const posted = (code: number, owner: string): bigint => {
    const { debitsPosted, creditsPosted } = books.balance(bookAccount(code, owner));
    return creditsPosted - debitsPosted;
  };
  const unspent = chain.unspent();
  for (const { id, customer, scripts } of wallets) {
    const coins = sum(unspent.filter(({ script }) => scripts.has(script)).map(({ satoshis }) => satoshis));
    const isVault = customer !== null;
    const booked = -posted(isVault ? CODE.vaultCoins : CODE.treasury, id);
    if (booked !== coins) findings.push(`${id} has ${coins} in coins and ${booked} in the books`);
    const inFlight = posted(isVault ? CODE.vaultInFlight : CODE.treasuryInFlight, id);
    if (inFlight !== 0n) findings.push(`${id} has ${inFlight} in flight`);
    const suspense = posted(isVault ? CODE.vaultSuspense : CODE.treasurySuspense, id);
    if (suspense !== 0n) findings.push(`${id} has ${suspense} in suspense`);
    if (isVault && posted(CODE.vault, id) !== coins) {
      findings.push(`the vault ${id} has ${coins} in coins and owes ${posted(CODE.vault, id)}`);
    }
  }
  if (books.imbalance !== 0n) findings.push(`the books are off by ${books.imbalance}`);
  if (books.openHolds.length > 0) findings.push(`${books.openHolds.length} holds are left`);
  return findings;
}

/** What customers have is what they were paid, less what they paid, less what the chain took as fees. */
export function checkBalances(
  chain: RawChain,
  books: RawBooks,
  wallets: readonly WalletFacts[],
  promises: Promises,
): string[] {
  const findings: string[] = [];
  const treasury = wallets.find(({ customer }) => customer === null);
  const customers = new Set([
    ...promises.deposits.map(({ customer }) => customer),
    ...promises.transfers.flatMap(({ from, to }) => [from, to]),
  ]);
  for (const customer of customers) {
    const mine = promises.withdrawals.filter(
      (promised) => promised.customer === customer && promised.balance === 'spending',
    );
    const paid = mine.filter(({ payee }) => chain.paying(scriptOfAddress(payee)).length > 0);
    const payees = new Set(paid.map(({ payee }) => scriptOfAddress(payee)));
    const transactions =
      treasury === undefined
        ? []
        : paidOutOf(chain, treasury).filter(({ outputs }) =>
            outputs.some(({ script }) => payees.has(script)),
          );
    const expected =
      sum(
        promises.deposits
          .filter((deposit) => deposit.customer === customer && deposit.balance === 'spending')
          .map(({ satoshis }) => satoshis),
      ) +
      sum(promises.transfers.filter(({ to }) => to === customer).map(({ satoshis }) => satoshis)) -
      sum(promises.transfers.filter(({ from }) => from === customer).map(({ satoshis }) => satoshis)) -
      sum(paid.map(({ satoshis }) => satoshis)) -
      sum(transactions.map((transaction) => chain.fee(transaction)));
    const { debitsPosted, creditsPosted, debitsPending } = books.balance(
      bookAccount(CODE.spending, customer),
    );
    const has = creditsPosted - debitsPosted;
    if (has !== expected) findings.push(`${customer} should have ${expected} to spend and has ${has}`);
    if (debitsPending !== 0n) findings.push(`${customer} has ${debitsPending} on hold`);
  }
  return findings;
}
