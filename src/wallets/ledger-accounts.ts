import {
  accountId,
  openAccount,
  type AccountReading,
  type LedgerClient,
  type Parties,
  type PurposeName,
} from '../ledger/client/index.ts';
import { satoshis, type CustomerId, type Satoshis, type WalletId } from '../shared/index.ts';
import { WalletError } from './errors.ts';
import type { Wallet } from './wallet.ts';
import { BITCOIN_ASSET } from './wallet-parts.ts';

const VAULT_ACCOUNTS = [
  'vault',
  'vaultCoins',
  'vaultInFlight',
  'vaultSuspense',
  'vaultReceivable',
] as const satisfies readonly PurposeName[];
const TREASURY_ACCOUNTS = [
  'treasury',
  'treasuryInFlight',
  'treasurySuspense',
] as const satisfies readonly PurposeName[];
const INSTITUTION_ACCOUNTS = ['fees', 'networkFees', 'equity'] as const satisfies readonly PurposeName[];
const SPENDING_ACCOUNTS = ['spending', 'spendingReceivable'] as const satisfies readonly PurposeName[];

async function open(ledger: LedgerClient, purposes: readonly PurposeName[], parties: Parties): Promise<void> {
  const { results } = await ledger.submit(
    purposes.map((purpose) => openAccount(purpose, BITCOIN_ASSET, parties)),
  );
  const refused = results.find(({ result }) => result !== 'ok' && result !== 'exists');
  if (refused !== undefined) {
    throw new WalletError('ledger_account_refused', 'The ledger does not open an account.', {
      details: { result: refused.result },
    });
  }
}

/** The ledger's accounts of a wallet, opened once. Their ids follow from the wallet's. */
export async function openWalletAccounts(ledger: LedgerClient, wallet: Wallet): Promise<void> {
  if (wallet.customerId !== null) return open(ledger, VAULT_ACCOUNTS, { vaultWallet: wallet.id });
  await open(ledger, [...TREASURY_ACCOUNTS, ...INSTITUTION_ACCOUNTS], { treasuryWallet: wallet.id });
  // In the treasury's own name, for what comes to addresses that nobody was given, on its way to suspense.
  await open(ledger, SPENDING_ACCOUNTS, { customer: wallet.id });
}

/** The accounts of spending balances, many customers at once. */
export async function openSpendingAccounts(
  ledger: LedgerClient,
  customers: readonly CustomerId[],
): Promise<void> {
  for (const customer of customers) await open(ledger, SPENDING_ACCOUNTS, { customer });
}

/** One balance as its owner sees it. */
export interface Balance {
  /** Credited and not yet taken out; holds of withdrawals are still in it. */
  readonly posted: Satoshis;
  /** On the way in, not confirmed often enough. Never spendable. */
  readonly pending: Satoshis;
  /** Held for withdrawals and transfers under way. */
  readonly held: Satoshis;
  /** What may be spent now. */
  readonly available: Satoshis;
  /** Owed after a deposit that was credited has left the chain. */
  readonly owed: Satoshis;
}

function positive(amount: bigint): Satoshis {
  return satoshis(amount > 0n ? amount : 0n);
}

function balanceOf(account: AccountReading | undefined, receivable: AccountReading | undefined): Balance {
  return {
    posted: positive((account?.creditsPosted ?? 0n) - (account?.debitsPosted ?? 0n)),
    pending: positive(account?.creditsPending ?? 0n),
    held: positive(account?.debitsPending ?? 0n),
    available: positive(account?.available ?? 0n),
    owed: positive((receivable?.debitsPosted ?? 0n) - (receivable?.creditsPosted ?? 0n)),
  };
}

/** As of one batch of the ledger. Vaults come in the order of `vaults`. */
export async function readBalances(
  ledger: LedgerClient,
  customer: CustomerId,
  vaults: readonly WalletId[],
): Promise<{ readonly spending: Balance; readonly vaults: readonly Balance[]; readonly sequence: number }> {
  const ids = [
    ...SPENDING_ACCOUNTS.map((purpose) => accountId(purpose, BITCOIN_ASSET, customer)),
    ...vaults.flatMap((wallet) => [
      accountId('vault', BITCOIN_ASSET, wallet),
      accountId('vaultReceivable', BITCOIN_ASSET, wallet),
    ]),
  ];
  const { value, sequence } = await ledger.accounts(ids);
  return {
    sequence,
    spending: balanceOf(value[0], value[1]),
    vaults: vaults.map((_, index) => balanceOf(value[2 + 2 * index], value[3 + 2 * index])),
  };
}
