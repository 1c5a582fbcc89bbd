import type { DatabaseTransaction } from '../database/index.ts';
import { parseAuditCheckpoint, type AuditCheckpoint } from '../intents/index.ts';
import { canonicalJson, type JsonValue } from '../shared/index.ts';

/** Keeps a checkpoint; the same one again changes nothing. @returns whether it is new. */
export async function keepCheckpoint(tx: DatabaseTransaction, checkpoint: AuditCheckpoint): Promise<boolean> {
  const { position, head, attestedAt } = checkpoint.statement;
  const { count } = await tx.auditCheckpoint.createMany({
    data: [
      {
        position: BigInt(position),
        head,
        document: canonicalJson(checkpoint as unknown as JsonValue),
        attestedAt,
      },
    ],
    skipDuplicates: true,
  });
  return count === 1;
}

/** The newest first, below a position when one is given. @throws IntentError `checkpoint_malformed`. */
export async function checkpointsBelow(
  tx: DatabaseTransaction,
  below: bigint | null,
  limit: number,
): Promise<readonly AuditCheckpoint[]> {
  const rows = await tx.auditCheckpoint.findMany({
    ...(below === null ? {} : { where: { position: { lt: below } } }),
    orderBy: { position: 'desc' },
    take: limit,
  });
  return rows.map(({ document }) => parseAuditCheckpoint(JSON.parse(document)));
}
