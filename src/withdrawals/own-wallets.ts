import type { NetworkName, WalletCoin } from '../bitcoin/index.ts';
import type { ChainNode, Outpoint } from '../chain/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { WORKER_FOLLOWER } from '../deposits/index.ts';
import { PLAN_KEYS } from '../intents/index.ts';
import { idFromUuid, idToUuid, satoshis, type WalletId } from '../shared/index.ts';
import {
  addOwnChange,
  addressOf,
  descriptorOf,
  giveAddress,
  readHotTreasury,
  readTreasury,
  readWallet,
  releaseCoins,
  reserveCoins,
  restoreOwnChange,
  spendableCoins,
  spendsOf,
  takeChangeAddress,
  WalletError,
  withholdOwnChange,
  type SpendableCoin,
  type Wallet,
  type AddressParts,
} from '../wallets/index.ts';
import type { SourceWallet, WalletsPort } from './ports.ts';
import { WORKER } from './withdrawal-parts.ts';

export interface OwnWalletsParts extends AddressParts {
  readonly node: Pick<ChainNode, 'transaction' | 'mempoolEntry'>;
  readonly network: NetworkName;
}

function sourceOf(wallet: Wallet): SourceWallet | undefined {
  if (wallet.state !== 'open') return undefined;
  const { id, label: name, plan, customerId: customer } = wallet;
  // Keys stand in the descriptor in the order of their plan.
  return { ...{ id, name, plan, customer }, descriptor: descriptorOf(wallet), keyNames: PLAN_KEYS[plan] };
}

async function orMissing(read: Promise<Wallet>): Promise<SourceWallet | undefined> {
  try {
    return sourceOf(await read);
  } catch (thrown) {
    const missing =
      thrown instanceof WalletError &&
      (thrown.code === 'wallet_unknown' || thrown.code === 'treasury_missing');
    if (missing) return undefined;
    throw thrown;
  }
}

function outpointOf(text: string): Outpoint {
  const [txid = '', vout = ''] = text.split(':');
  return { txid, vout: Number(vout) };
}

/** Where the follower stands: coins count their confirmations from there. */
async function tipHeight(tx: DatabaseTransaction): Promise<number> {
  const follower = await tx.chainFollower.findUnique({ where: { name: WORKER_FOLLOWER } });
  return follower?.height ?? 0;
}

async function coinsOf(
  { node }: OwnWalletsParts,
  tx: DatabaseTransaction,
  wallet: WalletId,
  outpoints: readonly string[],
): Promise<readonly WalletCoin[]> {
  const tip = await tipHeight(tx);
  const rows = await tx.coin.findMany({
    where: { walletId: idToUuid(wallet), OR: outpoints.map(outpointOf) },
    include: { address: true },
  });
  const coins: WalletCoin[] = [];
  for (const row of rows) {
    const { branch, index } = addressOf(row.address);
    const at = row.blockHash === null ? {} : { blockHash: row.blockHash };
    const { bytes } = await node.transaction(row.txid, at);
    coins.push({
      outpoint: `${row.txid}:${row.vout}`,
      value: satoshis(row.satoshis),
      confirmations: row.height === null ? 0 : tip - row.height + 1,
      ownChange: row.source === 'change',
      unconfirmedAncestors: row.height === null ? 1 : 0,
      position: { branch, index },
      previousTransaction: bytes,
    });
  }
  return coins;
}

/** An open wallet of this database; undefined when there is none. */
export function ownWallet(tx: DatabaseTransaction, id: WalletId): Promise<SourceWallet | undefined> {
  return orMissing(readWallet(tx, id));
}

/** The wallets of this database, as withdrawals need them. */
export function ownWallets(parts: OwnWalletsParts): WalletsPort {
  const now = (): Date => new Date(parts.clock.nowMs());
  return {
    wallet: ownWallet,
    treasury: (tx) => orMissing(readTreasury(tx, parts.network)),
    async hotTreasury(tx) {
      const hot = await readHotTreasury(tx, parts.network);
      return hot === null ? undefined : sourceOf(hot);
    },
    async spendable(tx, wallet) {
      const coins = await spendableCoins(tx, wallet, await tipHeight(tx), now());
      return satoshis(coins.reduce((sum, coin) => sum + coin.satoshis, 0n));
    },
    async vaultsOf(tx, customer) {
      const rows = await tx.wallet.findMany({
        where: { customerId: idToUuid(customer), network: parts.network, state: 'open' },
        orderBy: { createdAt: 'asc' },
        select: { id: true, replacedBy: { where: { state: 'open' }, select: { id: true } } },
      });
      // Whoever does not say which vault means one that is in use.
      const inUse = rows.filter(({ replacedBy }) => replacedBy.length === 0);
      const replaced = rows.filter(({ replacedBy }) => replacedBy.length > 0);
      const vaults: SourceWallet[] = [];
      for (const { id } of [...inUse, ...replaced]) {
        const vault = sourceOf(await readWallet(tx, idFromUuid('wallet', id)));
        if (vault !== undefined) vaults.push(vault);
      }
      return vaults;
    },
    async freshAddress(tx, wallet, customer) {
      const to = { customer, label: 'from your other balance' };
      return (await giveAddress(tx, parts, wallet, to, WORKER)).address;
    },
    async coins(tx, wallet) {
      const free: SpendableCoin[] = [];
      for (const coin of await spendableCoins(tx, wallet, await tipHeight(tx), now())) {
        // What no node holds cannot be built on.
        const isThere = coin.confirmations > 0 || (await parts.node.mempoolEntry(coin.txid)) !== undefined;
        if (isThere) free.push(coin);
      }
      if (free.length === 0) return [];
      return await coinsOf(
        parts,
        tx,
        wallet,
        free.map(({ txid, vout }) => `${txid}:${vout}`),
      );
    },
    coinsOf: (tx, wallet, outpoints) => coinsOf(parts, tx, wallet, outpoints),
    reserve: (tx, { payout, wallet, outpoints, until }) =>
      reserveCoins(tx, parts.clock, {
        ...{ walletId: wallet, coins: outpoints.map(outpointOf), holder: payout, until },
      }),
    async release(tx, payout) {
      await releaseCoins(tx, payout);
    },
    async addChange(tx, { wallet, txid, vout, index, value }) {
      const address = await tx.walletAddress.findUniqueOrThrow({
        where: { walletId_branch_index: { walletId: idToUuid(wallet), branch: 'change', index } },
        select: { id: true },
      });
      const addressId = idFromUuid('address', address.id);
      await addOwnChange(tx, { txid, vout, walletId: wallet, addressId, satoshis: value }, now());
    },
    withholdChange: (tx, txid, withheld) =>
      withheld ? withholdOwnChange(tx, txid) : restoreOwnChange(tx, txid),
    nextChangeIndex: async (tx, wallet) => (await takeChangeAddress(tx, parts, wallet, now())).index,
    async spendings(tx, outpoints) {
      const spends = await spendsOf(tx, outpoints.map(outpointOf));
      return spends
        .filter(({ undoneAt }) => undoneAt === null)
        .map(({ txid, vout, byTxid, height }) => ({ outpoint: `${txid}:${vout}`, byTxid, height }));
    },
  };
}
