import type { DatabaseTransaction } from '../database/index.ts';
import { CHAIN_START_HASH } from '../shared/index.ts';

/** One link of the chain as it is stored. Nothing of it is checked here. */
export interface SealedEntry {
  readonly position: bigint;
  readonly sealedAt: Date;
  /** 64 hexadecimal digits each. */
  readonly previousHash: string;
  readonly hash: string;
  /** The entry's canonical JSON. */
  readonly content: string;
}

/** A period by the time of sealing, `from` included and `to` not: what is once past never grows. */
export interface AuditPeriod {
  readonly from: Date;
  readonly to: Date;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The links after a position, in order, at most so many; of a period alone when one is given. */
export async function sealedAfter(
  tx: DatabaseTransaction,
  after: bigint,
  limit: number,
  period?: AuditPeriod,
): Promise<readonly SealedEntry[]> {
  const rows = await tx.auditSeal.findMany({
    where: {
      position: { gt: after },
      ...(period === undefined ? {} : { sealedAt: { gte: period.from, lt: period.to } }),
    },
    orderBy: { position: 'asc' },
    take: limit,
    include: { entry: { select: { content: true } } },
  });
  return rows.map(({ position, sealedAt, previousHash, hash, entry }) => ({
    position,
    sealedAt,
    previousHash: hexOf(previousHash),
    hash: hexOf(hash),
    content: entry.content,
  }));
}

/** The stored hash at a position, null when nothing stands there. */
export async function headAt(tx: DatabaseTransaction, position: bigint): Promise<string | null> {
  if (position === 0n) return CHAIN_START_HASH;
  const row = await tx.auditSeal.findUnique({ where: { position }, select: { hash: true } });
  return row === null ? null : hexOf(row.hash);
}
