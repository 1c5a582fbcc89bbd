import { z } from 'zod';
import type { BuiltSpend } from '../bitcoin/index.ts';
import { psbtToBase64 } from '../bitcoin/index.ts';
import type { DatabaseTransaction, Prisma } from '../database/index.ts';
import { abandonmentSchema, type Abandonment } from '../intents/index.ts';
import {
  canonicalJson,
  feeRateFromSatsPerKvb,
  idFromUuid,
  idToUuid,
  satoshis,
  type FeeRate,
  type PayoutId,
  type Satoshis,
  type WalletId,
  type WithdrawalId,
} from '../shared/index.ts';
import { WithdrawalError } from './errors.ts';

/** What there is of a transaction before anybody but the cosigner has seen it. */
interface BuiltTransaction {
  readonly txid: string;
  /** BIP174, base64, unsigned. */
  readonly psbt: string;
  readonly fee: Satoshis;
  /** sat/kvB that it was built for. */
  readonly feeRate: FeeRate;
  /** Where the rest returns to. */
  readonly change: { readonly vout: number; readonly index: number; readonly value: bigint } | null;
  /** With the other cosigner's signatures. */
  readonly cosigned: string | null;
}

/** The same payout at a higher fee, for the cosigner to sign in one go with a transaction of it. */
export interface PayoutVariant extends BuiltTransaction {
  /** The number of the transaction that it was built with. */
  readonly ofNumber: number;
  readonly place: number;
}

/** One transaction that would make a payout; a fee bump adds another over the same coins. */
export interface PayoutTransaction extends BuiltTransaction {
  readonly number: number;
  /** The number of the one whose change it spends, to pay for it; null for one that pays the withdrawals. */
  readonly childOf: number | null;
  readonly transaction: Uint8Array | null;
  /** What `keptEvidence` wrote; with every finished transaction. */
  readonly evidence: string | null;
  readonly broadcastAt: Date | null;
  readonly createdAt: Date;
}

/** Coins of one wallet on their way out. */
export interface Payout {
  readonly id: PayoutId;
  readonly walletId: WalletId;
  readonly version: number;
  readonly reservedUntil: Date;
  readonly signerAskedAt: Date | null;
  /** `txid:vout`. */
  readonly outpoints: readonly string[];
  /** In the order in which they were built; at least one. */
  readonly transactions: readonly PayoutTransaction[];
  /** Of all its transactions, each dearer than the one before. */
  readonly variants: readonly PayoutVariant[];
  readonly begun: BegunBooking | null;
}

/**
 * What is about to be booked of a payout. It is written down first, so that whoever comes after a crash books that and
 * nothing else, whatever the chain says by then.
 */
export type BegunBooking =
  | {
      readonly kind: 'confirm';
      readonly txid: string;
      readonly height: number;
      /** With the child that pays for it. */
      readonly fee: Satoshis;
    }
  | { readonly kind: 'unconfirm' };

interface BegunColumns {
  begunBooking: string | null;
  begunTxid: string | null;
  begunHeight: number | null;
  begunFee: bigint | null;
}

/** A CHECK constraint holds the columns to these two shapes. */
function begunOf({ begunBooking, begunTxid, begunHeight, begunFee }: BegunColumns): BegunBooking | null {
  if (begunBooking === null) return null;
  if (begunTxid === null || begunHeight === null || begunFee === null) return { kind: 'unconfirm' };
  return { kind: 'confirm', txid: begunTxid, height: begunHeight, fee: satoshis(begunFee) };
}

/** The columns that say so; null when all is booked. */
export function begunColumns(begun: BegunBooking | null): BegunColumns {
  const details = begun?.kind === 'confirm' ? begun : null;
  return {
    begunBooking: begun?.kind ?? null,
    begunTxid: details?.txid ?? null,
    begunHeight: details?.height ?? null,
    begunFee: details?.fee ?? null,
  };
}

/** A bundle carries no more; whoever is built anew as often as that is not helped by it. */
const MAX_ABANDONED = 500;

const WHOLE = {
  include: { inputs: true, transactions: { orderBy: { number: 'asc' } } },
} as const satisfies Prisma.PayoutDefaultArgs;

/** Reads a payout; undefined when another transaction works on it. */
export async function lockPayout(tx: DatabaseTransaction, id: PayoutId): Promise<Payout | undefined> {
  const locked = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM payout WHERE id = ${idToUuid(id)}::uuid FOR UPDATE SKIP LOCKED`;
  return locked.length === 0 ? undefined : await readPayout(tx, id);
}

/** Reads a payout without keeping others from it. */
export async function readPayout(tx: DatabaseTransaction, id: PayoutId): Promise<Payout> {
  const row = await tx.payout.findUniqueOrThrow({ where: { id: idToUuid(id) }, ...WHOLE });
  // Asked for by itself: a third relation would be one query too many at once for the connection.
  const variants = await tx.payoutVariant.findMany({ where: { payoutId: row.id }, orderBy: { fee: 'asc' } });
  return {
    id,
    walletId: idFromUuid('wallet', row.walletId),
    version: row.version,
    reservedUntil: row.reservedUntil,
    signerAskedAt: row.signerAskedAt,
    begun: begunOf(row),
    outpoints: row.inputs.map(({ txid, vout }) => `${txid}:${vout}`),
    transactions: row.transactions.map((transaction) => ({ ...transaction, ...builtOf(transaction) })),
    variants: variants.map((variant) => ({ ...variant, ...builtOf(variant) })),
  };
}

interface BuiltColumns {
  readonly fee: bigint;
  readonly feeRate: bigint;
  readonly changeVout: number | null;
  readonly changeIndex: number | null;
  readonly changeValue: bigint | null;
}

function builtOf({ fee, feeRate, changeVout, changeIndex, changeValue }: BuiltColumns) {
  const isKept = changeVout !== null && changeIndex !== null && changeValue !== null;
  return {
    fee: satoshis(fee),
    feeRate: feeRateFromSatsPerKvb(feeRate),
    change: isKept ? { vout: changeVout, index: changeIndex, value: changeValue } : null,
  };
}

/** The latest that pays the withdrawals; a child pays nobody. */
export function payingOf({ transactions }: Payout): PayoutTransaction {
  const paying = transactions.filter(({ childOf }) => childOf === null).at(-1);
  if (paying === undefined) throw new RangeError('a payout has no transaction');
  return paying;
}

/** The parent of a child, as a PSBT. */
export function parentOf({ transactions }: Payout, { childOf }: PayoutTransaction): string | undefined {
  return transactions.find(({ number }) => number === childOf)?.psbt;
}

/** The one that is worked on: the latest. */
export function latestOf({ transactions }: Payout): PayoutTransaction {
  const latest = transactions.at(-1);
  if (latest === undefined) throw new RangeError('a payout has no transaction');
  return latest;
}

function outpointParts(outpoint: string): { readonly txid: string; readonly vout: number } {
  const [txid = '', vout = ''] = outpoint.split(':');
  return { txid, vout: Number(vout) };
}

export async function insertTransaction(
  tx: DatabaseTransaction,
  payout: PayoutId,
  number: number,
  spend: BuiltSpend,
  feeRate: FeeRate,
  now: Date,
  childOf: number | null = null,
): Promise<void> {
  const columns = spendColumns(spend);
  await tx.payoutTransaction.create({
    data: { payoutId: idToUuid(payout), number, ...columns, feeRate, childOf, createdAt: now },
  });
}

/** What the tables hold of a built transaction. */
export function spendColumns({ txid, psbt, fee, change }: BuiltSpend) {
  const kept = change && {
    changeVout: change.outputIndex,
    changeIndex: change.position.index,
    changeValue: change.value,
  };
  return { txid, psbt: psbtToBase64(psbt), fee, ...kept };
}

/** Stores a payout with its first transaction and keeps its coins: a coin of another living payout is refused. */
export async function insertPayout(
  tx: DatabaseTransaction,
  payout: {
    readonly id: PayoutId;
    readonly walletId: WalletId;
    readonly reservedUntil: Date;
    readonly withdrawals: readonly WithdrawalId[];
  },
  spend: BuiltSpend,
  feeRate: FeeRate,
  now: Date,
): Promise<void> {
  const payoutId = idToUuid(payout.id);
  await tx.payout.create({
    data: {
      id: payoutId,
      walletId: idToUuid(payout.walletId),
      reservedUntil: payout.reservedUntil,
      createdAt: now,
    },
  });
  await tx.payoutInput.createMany({
    data: spend.coins.map(({ outpoint, value }) => ({ payoutId, ...outpointParts(outpoint), value })),
  });
  await tx.payoutMember.createMany({
    data: payout.withdrawals.map((id) => ({ payoutId, withdrawalId: idToUuid(id) })),
  });
  await insertTransaction(tx, payout.id, 1, spend, feeRate, now);
}

/** Changes the payout once. @throws WithdrawalError `withdrawal_changed_meanwhile`. */
export async function changePayout(
  tx: DatabaseTransaction,
  { id, version }: Payout,
  change: {
    readonly signerAskedAt?: Date;
    readonly releasedAt?: Date;
    readonly abandonment?: string;
  } & Partial<BegunColumns>,
): Promise<void> {
  const { count } = await tx.payout.updateMany({
    where: { id: idToUuid(id), version, releasedAt: null },
    data: { ...change, version: version + 1 },
  });
  if (count === 1) return;
  throw new WithdrawalError('withdrawal_changed_meanwhile', 'Somebody else was faster; look again.', {
    retryable: true,
  });
}

/** One statement, or one for each transaction and variant of the payout. */
const givenUpSchema = z.union([abandonmentSchema.transform((one) => [one]), z.array(abandonmentSchema)]);

/** What the signer has given up of all that was ever built for these withdrawals. */
export async function abandonmentsOf(
  tx: DatabaseTransaction,
  withdrawals: readonly WithdrawalId[],
): Promise<Abandonment[]> {
  const rows = await tx.payout.findMany({
    where: {
      abandonment: { not: null },
      members: { some: { withdrawalId: { in: withdrawals.map(idToUuid) } } },
    },
    orderBy: { createdAt: 'desc' },
    take: MAX_ABANDONED,
    select: { abandonment: true },
  });
  return rows
    .flatMap(({ abandonment }) => givenUpSchema.parse(JSON.parse(abandonment ?? '')))
    .slice(0, MAX_ABANDONED);
}

/** Lets its coins go. @param abandonments of the signer, when a cosigner may have signed its transactions. */
export async function releasePayout(
  tx: DatabaseTransaction,
  payout: Payout,
  now: Date,
  abandonments: readonly Abandonment[] = [],
): Promise<void> {
  const said = abandonments.length === 0 ? {} : { abandonment: canonicalJson(abandonments) };
  await changePayout(tx, payout, { releasedAt: now, ...said });
  await tx.payoutInput.updateMany({ where: { payoutId: idToUuid(payout.id) }, data: { released: true } });
}

export async function changeTransaction(
  tx: DatabaseTransaction,
  { id }: Payout,
  number: number,
  change: {
    readonly cosigned?: string;
    readonly transaction?: Uint8Array;
    readonly evidence?: string;
    readonly broadcastAt?: Date;
  },
): Promise<void> {
  const { transaction, ...columns } = change;
  await tx.payoutTransaction.update({
    where: { payoutId_number: { payoutId: idToUuid(id), number } },
    data: { ...columns, ...(transaction === undefined ? {} : { transaction: Uint8Array.from(transaction) }) },
  });
}
