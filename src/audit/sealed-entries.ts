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

type SealedRow = Omit<SealedEntry, 'previousHash' | 'hash'> &
  Readonly<Record<'previousHash' | 'hash', Uint8Array>>;

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The links after a position, in order, at most so many; of a period alone when one is given. */
export async function sealedAfter(
  tx: DatabaseTransaction,
  after: bigint,
  limit: number,
  period?: AuditPeriod,
): Promise<readonly SealedEntry[]> {
  const { from = null, to = null } = period ?? {};
  // An entry that somebody has deleted is a link without content, which nothing takes for an entry.
  const rows = await tx.$queryRaw<SealedRow[]>`
    SELECT s.position, s.sealed_at AS "sealedAt", s.previous_hash AS "previousHash", s.hash,
      coalesce(e.content, '') AS content
    FROM app.audit_seal s LEFT JOIN app.audit_entry e ON e.id = s.entry_id
    WHERE s.position > ${after}
      AND (${from}::timestamptz IS NULL OR s.sealed_at >= ${from}::timestamptz)
      AND (${to}::timestamptz IS NULL OR s.sealed_at < ${to}::timestamptz)
    ORDER BY s.position LIMIT ${limit}`;
  return rows.map(({ previousHash, hash, ...row }) => ({
    ...row,
    previousHash: hexOf(previousHash),
    hash: hexOf(hash),
  }));
}

/** The stored hash at a position, null when nothing stands there. */
export async function headAt(tx: DatabaseTransaction, position: bigint): Promise<string | null> {
  if (position === 0n) return CHAIN_START_HASH;
  const row = await tx.auditSeal.findUnique({ where: { position }, select: { hash: true } });
  return row === null ? null : hexOf(row.hash);
}
