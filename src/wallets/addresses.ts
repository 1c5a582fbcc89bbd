import { deriveAddress, parseDescriptor, type Branch, type WalletDescriptor } from '../bitcoin/index.ts';
import { appendEvent } from '../events/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { derivedId, idFromUuid, idToUuid, type CustomerId, type Id, type WalletId } from '../shared/index.ts';
import { WalletError } from './errors.ts';
import type { Wallet } from './wallet.ts';
import { record, type Cause } from './wallet-audit.ts';
import { pinnedDescriptor, walletDamaged } from './pinned-descriptor.ts';
import { requireNotReplaced } from './replacement.ts';
import type { AddressParts } from './wallet-parts.ts';
import { readWallet, walletUnknown, type Tables } from './wallet-store.ts';

/**
 * So many scripts are watched beyond the last address given out: what other wallets use as their gap limit, so a
 * payment to an address that a customer derived alone is found.
 */
export const LOOKAHEAD = 20;

export interface GivenAddress {
  readonly id: Id<'address'>;
  readonly walletId: WalletId;
  readonly branch: Branch;
  readonly index: number;
  readonly address: string;
  readonly script: Uint8Array;
  /** Whose balance it credits; null on the change branch, and while nobody was given it. */
  readonly customerId: CustomerId | null;
  readonly label: string | null;
  readonly givenAt: Date | null;
}

interface AddressRow {
  id: string;
  walletId: string;
  branch: string;
  index: number;
  address: string;
  script: Uint8Array;
  customerId: string | null;
  label: string | null;
  givenAt: Date | null;
}

export function addressOf(row: AddressRow): GivenAddress {
  return {
    id: idFromUuid('address', row.id),
    walletId: idFromUuid('wallet', row.walletId),
    // A CHECK constraint holds the column to the two branches.
    branch: row.branch as Branch,
    index: row.index,
    address: row.address,
    script: row.script,
    customerId: row.customerId === null ? null : idFromUuid('customer', row.customerId),
    label: row.label,
    givenAt: row.givenAt,
  };
}

/** @throws WalletError `wallet_not_open` for a wallet without a descriptor. */
export function descriptorOf(wallet: Wallet): WalletDescriptor {
  if (wallet.descriptor === null) throw notOpen(wallet);
  return parseDescriptor(wallet.descriptor, wallet.network);
}

function notOpen(wallet: Wallet): WalletError {
  return new WalletError('wallet_not_open', 'The wallet is not open yet.', {
    details: { state: wallet.state },
    retryable: wallet.state !== 'failed',
  });
}

/** Derives the scripts of a branch into the watched table, from the last that is there to below `end`. */
export async function watchUpTo(
  tx: DatabaseTransaction,
  wallet: Wallet,
  branch: Branch,
  end: number,
): Promise<void> {
  const last = await tx.walletAddress.findFirst({
    where: { walletId: idToUuid(wallet.id), branch },
    orderBy: { index: 'desc' },
    select: { index: true },
  });
  const descriptor = descriptorOf(wallet);
  const rows = [];
  for (let index = (last?.index ?? -1) + 1; index < end; index++) {
    const { address, scriptPubKey } = deriveAddress(descriptor, branch, index);
    rows.push({
      id: idToUuid(derivedId('address', wallet.id, `${branch}/${index}`)),
      walletId: idToUuid(wallet.id),
      branch,
      index,
      address,
      script: Uint8Array.from(scriptPubKey),
    });
  }
  if (rows.length > 0) await tx.walletAddress.createMany({ data: rows });
}

interface Taken {
  readonly customerId: CustomerId | null;
  readonly label: string | null;
  readonly now: Date;
}

/** Locks the wallet, so that indexes are taken one after another without a gap. */
async function lockIndexes(
  tx: DatabaseTransaction,
  id: WalletId,
): Promise<{ state: string; receive: number; change: number }> {
  const [row] = await tx.$queryRaw<{ state: string; receive: number; change: number }[]>`
    SELECT state, next_receive_index AS receive, next_change_index AS change FROM app.wallet
    WHERE id = ${idToUuid(id)}::uuid FOR NO KEY UPDATE`;
  if (row === undefined) throw walletUnknown();
  return row;
}

/**
 * Takes the next index of a branch that nobody has, and watches one more script ahead. The address is derived anew
 * from the pinned descriptor, so that a changed row is not handed to a customer.
 */
async function takeNext(
  tx: DatabaseTransaction,
  parts: Pick<AddressParts, 'manifest'>,
  id: WalletId,
  branch: Branch,
  taken: Taken,
): Promise<GivenAddress> {
  const locked = await lockIndexes(tx, id);
  const wallet = await readWallet(tx, id);
  if (wallet.state !== 'open') throw notOpen(wallet);
  const from = locked[branch];
  const row = await tx.walletAddress.findFirstOrThrow({
    where: { walletId: idToUuid(id), branch, index: { gte: from }, givenAt: null },
    orderBy: { index: 'asc' },
  });
  const derived = deriveAddress(await pinnedDescriptor(tx, parts, wallet), branch, row.index);
  if (derived.address !== row.address || Buffer.compare(derived.scriptPubKey, row.script) !== 0) {
    throw walletDamaged(wallet);
  }
  const customerId = taken.customerId === null ? null : idToUuid(taken.customerId);
  const given = await tx.walletAddress.update({
    where: { id: row.id, givenAt: null },
    data: { customerId, label: taken.label, givenAt: taken.now },
  });
  const next = row.index + 1;
  const column = branch === 'receive' ? { nextReceiveIndex: next } : { nextChangeIndex: next };
  await tx.wallet.update({ where: { id: idToUuid(id) }, data: column });
  await watchUpTo(tx, wallet, branch, next + LOOKAHEAD);
  return addressOf(given);
}

/**
 * Gives out the next address of a wallet within the caller's transaction. It credits `customer`: the owner of a
 * vault, or, in the treasury, whoever asked. @throws WalletError `wallet_unknown`, `wallet_not_open`,
 * `wallet_replaced`, `wallet_damaged`.
 */
export async function giveAddress(
  tx: DatabaseTransaction,
  parts: AddressParts,
  walletId: WalletId,
  to: { readonly customer: CustomerId; readonly label: string | null },
  cause: Cause,
): Promise<GivenAddress> {
  await requireNotReplaced(tx, walletId);
  const now = new Date(parts.clock.nowMs());
  const given = await takeNext(tx, parts, walletId, 'receive', {
    customerId: to.customer,
    label: to.label,
    now,
  });
  const { id, address, index } = given;
  const facts = { wallet: walletId, customer: to.customer, address, index, label: to.label };
  await record(tx, parts.clock, cause, 'address.create', id, facts);
  await appendEvent(
    tx,
    { type: 'address.created', subject: id, customer: to.customer, data: facts },
    parts.clock,
  );
  return given;
}

/**
 * Takes the next place on the change branch for a transaction that is being built, within the caller's transaction.
 * A place is used once, also when the transaction is never sent. @throws WalletError `wallet_not_open`, `wallet_damaged`.
 */
export async function takeChangeAddress(
  tx: DatabaseTransaction,
  parts: Pick<AddressParts, 'manifest'>,
  walletId: WalletId,
  now: Date,
): Promise<GivenAddress> {
  return takeNext(tx, parts, walletId, 'change', { customerId: null, label: null, now });
}

/** Those of some scripts that are addresses which nobody was given. */
export async function ungivenAmong(
  tables: Tables,
  scripts: readonly Uint8Array[],
): Promise<readonly GivenAddress[]> {
  if (scripts.length === 0) return [];
  const rows = await tables.walletAddress.findMany({
    where: { script: { in: scripts.map((script) => Uint8Array.from(script)) }, givenAt: null },
  });
  return rows.map(addressOf);
}

/**
 * Notes that an address which nobody was given was paid: it is never given out any more, and the scripts ahead of
 * it are watched as far as ever.
 */
export async function markFound(tx: DatabaseTransaction, row: GivenAddress, now: Date): Promise<void> {
  await lockIndexes(tx, row.walletId);
  const wallet = await readWallet(tx, row.walletId);
  await tx.walletAddress.updateMany({
    where: { id: idToUuid(row.id), givenAt: null },
    data: { customerId: row.branch === 'receive' ? ownerId(wallet) : null, givenAt: now },
  });
  await watchUpTo(tx, wallet, row.branch, row.index + 1 + LOOKAHEAD);
}

function ownerId(wallet: Wallet): string | null {
  return wallet.customerId === null ? null : idToUuid(wallet.customerId);
}

export interface AddressFacts {
  readonly address: GivenAddress;
  readonly wallet: Wallet;
  /** In the order of the descriptor: which signer's key, and where it finds it. */
  readonly keys: readonly {
    readonly publicKey: string;
    readonly masterFingerprint: string;
    readonly path: readonly number[];
  }[];
  readonly witnessScript: string;
}

/**
 * Says all about an address of ours, so that its owner can check it on a device of their own: everything is
 * derived anew from the pinned descriptor. @throws WalletError `address_unknown`, also for one of somebody else.
 */
export async function explainAddress(
  tables: Tables,
  text: string,
  owner: CustomerId | 'anybody',
): Promise<AddressFacts> {
  const row = await tables.walletAddress.findUnique({ where: { address: text.trim().toLowerCase() } });
  const unknown = new WalletError('address_unknown', 'This is no address that was given to you.');
  if (row === null || row.givenAt === null || row.branch !== 'receive') throw unknown;
  const address = addressOf(row);
  if (owner !== 'anybody' && address.customerId !== owner) throw unknown;
  const wallet = await readWallet(tables, address.walletId);
  const derived = deriveAddress(descriptorOf(wallet), address.branch, address.index);
  if (derived.address !== address.address) throw unknown;
  return {
    address,
    wallet,
    witnessScript: Buffer.from(derived.witnessScript).toString('hex'),
    keys: derived.keys.map(({ publicKey, masterFingerprint, path }) => ({
      publicKey: Buffer.from(publicKey).toString('hex'),
      masterFingerprint,
      path,
    })),
  };
}
