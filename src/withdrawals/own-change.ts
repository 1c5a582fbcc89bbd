import { MAX_UNCONFIRMED_ANCESTORS, type WalletCoin } from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { idFromUuid, idToUuid, satoshis, type PayoutId } from '../shared/index.ts';
import { readPayout, type Payout, type PayoutTransaction } from './payout-store.ts';
import type { StepParts } from './withdrawal-parts.ts';

// Change of our own may be spent before a block has it, and nobody else's coin is. Then a payout depends on another
// one of ours, which must stay what it is: change is spent so only of a payout that has one transaction, and a payout
// whose change another one spends that may be signed is not replaced. The fee of the later one is raised instead,
// which pays for both. So only a theft or a deep reorganisation can take the ground from under a signed payout.

/**
 * Nodes refuse a transaction that together with its unconfirmed ancestors is larger than 101,000 virtual bytes
 * (Bitcoin Core, DEFAULT_ANCESTOR_SIZE_LIMIT_KVB). The ancestors alone may take so many bytes here, witnesses in full.
 */
const MAX_ANCESTOR_BYTES = 40_000;

/** Unconfirmed transactions of our own that a coin depends on, by txid, with their bytes. */
type Ancestors = ReadonlyMap<string, number>;

function txidOf(outpoint: string): string {
  return outpoint.slice(0, outpoint.indexOf(':'));
}

/** The payout that made a coin; undefined when it is none of ours. */
async function makerOf(tx: DatabaseTransaction, txid: string): Promise<Payout | undefined> {
  const row = await tx.payoutTransaction.findUnique({ where: { txid }, select: { payoutId: true } });
  return row === null ? undefined : await readPayout(tx, idFromUuid('payout', row.payoutId));
}

/** Those of some coins that no block has, as the tables have them. */
async function unconfirmedAmong(
  tx: DatabaseTransaction,
  outpoints: readonly string[],
): Promise<readonly string[]> {
  const places = outpoints.map((outpoint) => ({
    txid: txidOf(outpoint),
    vout: Number(outpoint.slice(outpoint.indexOf(':') + 1)),
  }));
  const rows = await tx.coin.findMany({
    where: { height: null, OR: places },
    select: { txid: true, vout: true },
  });
  return rows.map(({ txid, vout }) => `${txid}:${vout}`);
}

/** All that a transaction depends on, itself included; undefined when it may yet be another, or is too deep. */
async function ancestorsOf(tx: DatabaseTransaction, txid: string, depth = 1): Promise<Ancestors | undefined> {
  const maker = await makerOf(tx, txid);
  const [only, second] = maker?.transactions ?? [];
  const bytes = only?.transaction ?? null;
  if (maker === undefined || bytes === null || second !== undefined) return undefined;
  if (depth > MAX_UNCONFIRMED_ANCESTORS) return undefined;
  const all = new Map([[txid, bytes.length]]);
  for (const outpoint of await unconfirmedAmong(tx, maker.outpoints)) {
    const further = await ancestorsOf(tx, txidOf(outpoint), depth + 1);
    if (further === undefined) return undefined;
    for (const [each, size] of further) all.set(each, size);
  }
  return all;
}

/**
 * The coins that a payout may spend, of those that are free: confirmed ones, and own change with its ancestors
 * counted, as much of it as stays within what nodes relay.
 */
export async function spendableNow(
  tx: DatabaseTransaction,
  coins: readonly WalletCoin[],
): Promise<readonly WalletCoin[]> {
  const usable: WalletCoin[] = [];
  const chain = new Map<string, number>();
  for (const coin of coins) {
    if (coin.confirmations > 0) {
      usable.push(coin);
      continue;
    }
    const ancestors = coin.ownChange ? await ancestorsOf(tx, txidOf(coin.outpoint)) : undefined;
    if (ancestors === undefined) continue;
    const together = new Map([...chain, ...ancestors]);
    const bytes = [...together.values()].reduce((sum, each) => sum + each, 0);
    if (bytes > MAX_ANCESTOR_BYTES) continue;
    for (const [each, size] of ancestors) chain.set(each, size);
    usable.push({ ...coin, unconfirmedAncestors: ancestors.size });
  }
  return usable;
}

/** Notes the change of a transaction that was sent, so that the next payout may spend it. */
export async function noteChange(
  parts: StepParts,
  tx: DatabaseTransaction,
  { walletId, transactions }: Payout,
  { txid, change }: PayoutTransaction,
): Promise<void> {
  if (change === null || transactions.length > 1) return;
  const { vout, index, value } = change;
  await parts.wallets.addChange(tx, { wallet: walletId, txid, vout, index, value: satoshis(value) });
}

/**
 * The transaction of ours that a payout depends on and that can never confirm, since a block has spent one of its
 * coins otherwise, and the height of that block; undefined when there is none.
 */
export async function lostParent(
  { wallets }: Pick<StepParts, 'wallets'>,
  tx: DatabaseTransaction,
  { outpoints }: Payout,
): Promise<{ readonly txid: string; readonly height: number } | undefined> {
  for (const outpoint of await unconfirmedAmong(tx, outpoints)) {
    const txid = txidOf(outpoint);
    const maker = await makerOf(tx, txid);
    if (maker === undefined) continue;
    const spendings = await wallets.spendings(tx, maker.outpoints);
    const other = spendings.find(({ byTxid }) => byTxid !== txid);
    if (other !== undefined) return { txid, height: other.height };
    const further = await lostParent({ wallets }, tx, maker);
    if (further !== undefined) return further;
  }
  return undefined;
}

/**
 * Whether all that a payout depends on is what it was when it was built. The payouts that made its coins are kept
 * from being replaced until the transaction ends.
 */
export async function parentsStand(tx: DatabaseTransaction, { outpoints }: Payout): Promise<boolean> {
  for (const outpoint of await unconfirmedAmong(tx, outpoints)) {
    const maker = await makerOf(tx, txidOf(outpoint));
    if (maker === undefined) return false;
    await tx.$queryRaw`SELECT 1 FROM payout WHERE id = ${idToUuid(maker.id)}::uuid FOR UPDATE`;
    if ((await ancestorsOf(tx, txidOf(outpoint))) === undefined) return false;
  }
  return true;
}

/** A payout that may be signed and spends the change of this one; it must not be replaced then. */
export async function dependentOf(
  tx: DatabaseTransaction,
  { id, transactions }: Payout,
): Promise<PayoutId | undefined> {
  const row = await tx.payoutInput.findFirst({
    where: {
      txid: { in: transactions.map(({ txid }) => txid) },
      released: false,
      payoutId: { not: idToUuid(id) },
      payout: { signerAskedAt: { not: null } },
    },
    select: { payoutId: true },
  });
  return row === null ? undefined : idFromUuid('payout', row.payoutId);
}
