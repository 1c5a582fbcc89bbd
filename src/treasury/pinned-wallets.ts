import type { DatabaseTransaction } from '../database/index.ts';
import { descriptorHash } from '../intents/index.ts';
import { idFromUuid, idToUuid, satoshis, type Satoshis, type WalletId } from '../shared/index.ts';
import type { SourceWallet } from '../withdrawals/index.ts';
import { TreasuryError } from './errors.ts';
import type { TreasuryParts } from './treasury-parts.ts';

/** The institution's two wallets, as the officers' manifest names them. */
export interface PinnedWallets {
  readonly hot: SourceWallet;
  readonly cold: SourceWallet;
  readonly hotCapBasisPoints: number;
}

async function pinned(
  { wallets }: Pick<TreasuryParts, 'wallets'>,
  tx: DatabaseTransaction,
  hash: string,
): Promise<SourceWallet> {
  const row = await tx.wallet.findUnique({ where: { descriptorHash: hash }, select: { id: true } });
  const wallet = row === null ? undefined : await wallets.wallet(tx, idFromUuid('wallet', row.id));
  const isPinned =
    wallet !== undefined && wallet.customer === null && descriptorHash(wallet.descriptor) === hash;
  if (isPinned) return wallet;
  throw new TreasuryError('treasury_wallet_missing', 'A wallet that the manifest names is not open here.', {
    details: { descriptorHash: hash },
  });
}

/** @throws TreasuryError `treasury_not_pinned`, `treasury_wallet_missing`. */
export async function pinnedWallets(
  parts: Pick<TreasuryParts, 'wallets' | 'trust'>,
  tx: DatabaseTransaction,
): Promise<PinnedWallets> {
  const { treasury } = await parts.trust.manifest();
  if (treasury === undefined) {
    throw new TreasuryError('treasury_not_pinned', 'The manifest names no hot and cold wallet.');
  }
  return {
    hot: await pinned(parts, tx, treasury.hot),
    cold: await pinned(parts, tx, treasury.cold),
    hotCapBasisPoints: treasury.hotCapBasisPoints,
  };
}

/** Unspent in blocks of the followed chain: in one wallet, or in all of them together. */
async function unspent(tx: DatabaseTransaction, wallet?: WalletId): Promise<Satoshis> {
  const { _sum } = await tx.coin.aggregate({
    where: {
      ...(wallet === undefined ? {} : { walletId: idToUuid(wallet) }),
      ...{ height: { not: null }, spentHeight: null },
    },
    _sum: { satoshis: true },
  });
  return satoshis(_sum.satoshis ?? 0n);
}

const BASIS_POINTS = 10_000n;

export interface Holdings {
  readonly hot: Satoshis;
  readonly cold: Satoshis;
  /** Of customers and institution together. */
  readonly assets: Satoshis;
  /** The most that the hot wallet may hold. */
  readonly hotCap: Satoshis;
}

export async function holdingsOf(
  tx: DatabaseTransaction,
  { hot, cold, hotCapBasisPoints }: PinnedWallets,
): Promise<Holdings> {
  const assets = await unspent(tx);
  return {
    hot: await unspent(tx, hot.id),
    cold: await unspent(tx, cold.id),
    assets,
    hotCap: satoshis((assets * BigInt(hotCapBasisPoints)) / BASIS_POINTS),
  };
}
