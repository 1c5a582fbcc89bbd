import { accountId, type LedgerClient, type PurposeName } from '../ledger/client/index.ts';
import { idToUuid, type WalletId } from '../shared/index.ts';
import { readWallet, type Tables } from './wallet-store.ts';
import { BITCOIN_ASSET } from './wallet-parts.ts';

/** Both sides of a wallet, in satoshis. */
export interface Reconciliation {
  readonly walletId: WalletId;
  /** Unspent outputs in blocks of the followed chain. */
  readonly onChain: bigint;
  /** What the books say that the wallet has: credited, in flight and in suspense. */
  readonly posted: bigint;
  /** Deposits in blocks that wait for their confirmations. */
  readonly pending: bigint;
  /** Vault only: balance, in flight and suspense less what is owed, which must be `posted` again. */
  readonly claims: bigint | null;
  /** onChain − posted − pending: zero when books and chain agree. */
  readonly difference: bigint;
}

const VAULT_CLAIMS: readonly PurposeName[] = ['vault', 'vaultInFlight', 'vaultSuspense', 'vaultReceivable'];

async function unspent(tables: Tables, walletId: WalletId): Promise<bigint> {
  const sum = await tables.coin.aggregate({
    where: { walletId: idToUuid(walletId), height: { not: null }, spentHeight: null, satoshis: { gt: 0n } },
    _sum: { satoshis: true },
  });
  return sum._sum.satoshis ?? 0n;
}

/**
 * Compares a wallet's books with its coins, to the satoshi (invariant 11). It holds whenever the books are up to
 * date with the follower: deposits booked, and confirmed payouts booked as confirmed.
 * @throws WalletError `wallet_unknown`; LedgerError.
 */
export async function reconcileWallet(
  tables: Tables,
  ledger: LedgerClient,
  walletId: WalletId,
): Promise<Reconciliation> {
  const { customerId } = await readWallet(tables, walletId);
  const isVault = customerId !== null;
  const purposes: readonly PurposeName[] = isVault ? ['vaultCoins', ...VAULT_CLAIMS] : ['treasury'];
  const { value } = await ledger.accounts(
    purposes.map((purpose) => accountId(purpose, BITCOIN_ASSET, walletId)),
  );
  const [coins, ...claims] = value;
  const onChain = await unspent(tables, walletId);
  const posted = (coins?.debitsPosted ?? 0n) - (coins?.creditsPosted ?? 0n);
  const pending = coins?.debitsPending ?? 0n;
  const claimed = claims.reduce(
    (sum, claim) => sum + (claim?.creditsPosted ?? 0n) - (claim?.debitsPosted ?? 0n),
    0n,
  );
  return {
    walletId,
    onChain,
    posted,
    pending,
    claims: isVault ? claimed : null,
    difference: onChain - posted - pending,
  };
}
