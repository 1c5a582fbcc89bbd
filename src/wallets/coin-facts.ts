import type { BlockPosition, ChainMatch, MatchedOutput, MatchedSpend, Outpoint } from '../chain/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { Satoshis } from '../shared/index.ts';
import { idToUuid } from '../shared/index.ts';
import { addressOf, type GivenAddress } from './addresses.ts';

/** A payment to one of our scripts that is not our own change. */
export interface FoundPayment {
  readonly outpoint: Outpoint;
  readonly satoshis: Satoshis;
  readonly coinbase: boolean;
  readonly address: GivenAddress;
  /** Whether a block had it before. */
  readonly known: boolean;
}

async function addressesOf(
  tx: DatabaseTransaction,
  outputs: readonly MatchedOutput[],
): Promise<ReadonlyMap<string, GivenAddress>> {
  const rows = await tx.walletAddress.findMany({
    where: { script: { in: outputs.map(({ script }) => Uint8Array.from(script)) } },
  });
  return new Map(rows.map((row) => [Buffer.from(row.script).toString('hex'), addressOf(row)]));
}

function key({ txid, vout }: Outpoint): string {
  return `${txid}:${vout}`;
}

/** Wallets from which a transaction of this block spends: its outputs to their change branch are change. */
async function spendersOf(
  tx: DatabaseTransaction,
  matches: readonly ChainMatch[],
  paid: readonly { readonly match: MatchedOutput; readonly address: GivenAddress }[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const spends = matches.filter((match): match is MatchedSpend => match.kind === 'spend');
  const wallets = new Map<string, string>();
  for (const { match, address } of paid) wallets.set(key(match.outpoint), idToUuid(address.walletId));
  if (spends.length > 0) {
    const coins = await tx.coin.findMany({
      where: { OR: spends.map(({ outpoint }) => ({ txid: outpoint.txid, vout: outpoint.vout })) },
      select: { txid: true, vout: true, walletId: true },
    });
    for (const coin of coins) wallets.set(key(coin), coin.walletId);
  }
  const spenders = new Map<string, Set<string>>();
  for (const { outpoint, byTxid } of spends) {
    const wallet = wallets.get(key(outpoint));
    if (wallet === undefined) continue;
    const set = spenders.get(byTxid) ?? new Set<string>();
    spenders.set(byTxid, set.add(wallet));
  }
  return spenders;
}

/** Those that a transaction of our own was noted to bring, also to another wallet than it spends. */
async function expectedAmong(
  tx: DatabaseTransaction,
  outputs: readonly MatchedOutput[],
): Promise<ReadonlySet<string>> {
  if (outputs.length === 0) return new Set();
  const rows = await tx.coin.findMany({
    where: { source: 'change', OR: outputs.map(({ outpoint: { txid, vout } }) => ({ txid, vout })) },
    select: { txid: true, vout: true },
  });
  return new Set(rows.map(key));
}

async function recordOutput(
  tx: DatabaseTransaction,
  match: MatchedOutput,
  address: GivenAddress,
  isChange: boolean,
  block: BlockPosition & { readonly at: Date },
): Promise<boolean> {
  const { txid, vout } = match.outpoint;
  const here = { height: block.height, blockHash: block.hash };
  // Change of our own is ours to spend as soon as it is there; a payment waits until it is credited.
  const known = await tx.coin.updateMany({
    where: { txid, vout },
    data: isChange ? { ...here, withheld: false } : here,
  });
  if (known.count > 0) return true;
  await tx.coin.create({
    data: {
      ...{ txid, vout, ...here },
      walletId: idToUuid(address.walletId),
      addressId: idToUuid(address.id),
      satoshis: match.satoshis,
      source: isChange ? 'change' : 'deposit',
      coinbase: match.coinbase,
      withheld: !isChange,
      addedAt: block.at,
    },
  });
  return false;
}

async function recordSpend(
  tx: DatabaseTransaction,
  { outpoint, byTxid }: MatchedSpend,
  block: BlockPosition & { readonly at: Date },
): Promise<void> {
  const { count } = await tx.coin.updateMany({
    where: { ...outpoint },
    data: {
      spentByTxid: byTxid,
      spentHeight: block.height,
      spentBlockHash: block.hash,
      reservedFor: null,
      reservedUntil: null,
    },
  });
  // One chance in 2^64, or somebody else's coin.
  if (count === 0) return;
  await tx.coinSpend.upsert({
    where: { txid_vout_blockHash: { ...outpoint, blockHash: block.hash } },
    create: { ...outpoint, blockHash: block.hash, height: block.height, byTxid, seenAt: block.at },
    update: { undoneAt: null },
  });
}

/**
 * Takes a block's matches into the coins, inside the transaction that moves the follower's position. Bears
 * repetition. @returns the payments that are not change, in the block's order.
 */
export async function connectCoins(
  tx: DatabaseTransaction,
  block: BlockPosition & { readonly at: Date },
  matches: readonly ChainMatch[],
): Promise<readonly FoundPayment[]> {
  if (matches.length === 0) return [];
  const outputs = matches.filter((match): match is MatchedOutput => match.kind === 'output');
  const addresses = await addressesOf(tx, outputs);
  const paid = outputs.flatMap((match) => {
    const address = addresses.get(Buffer.from(match.script).toString('hex'));
    return address === undefined ? [] : [{ match, address }];
  });
  const spenders = await spendersOf(tx, matches, paid);
  const expected = await expectedAmong(tx, outputs);
  const payments: FoundPayment[] = [];
  const byOutpoint = new Map(paid.map(({ match, address }) => [key(match.outpoint), address]));
  for (const match of matches) {
    if (match.kind === 'spend') {
      await recordSpend(tx, match, block);
      continue;
    }
    const address = byOutpoint.get(key(match.outpoint));
    if (address === undefined) continue;
    const own = spenders.get(match.outpoint.txid)?.has(idToUuid(address.walletId)) === true;
    const isChange = (own && address.branch === 'change') || expected.has(key(match.outpoint));
    const known = await recordOutput(tx, match, address, isChange, block);
    const { outpoint, satoshis, coinbase } = match;
    if (!isChange) payments.push({ outpoint, satoshis, coinbase, address, known });
  }
  return payments;
}

/** Undoes a block: what it spent is unspent, and what it brought is in no block. */
export async function disconnectCoins(
  tx: DatabaseTransaction,
  block: BlockPosition & { readonly at: Date },
): Promise<void> {
  await tx.coinSpend.updateMany({
    where: { blockHash: block.hash, undoneAt: null },
    data: { undoneAt: block.at },
  });
  await tx.coin.updateMany({
    where: { spentHeight: block.height, spentBlockHash: block.hash },
    data: { spentByTxid: null, spentHeight: null, spentBlockHash: null },
  });
  await tx.coin.updateMany({
    where: { height: block.height, blockHash: block.hash },
    data: { height: null, blockHash: null },
  });
}
