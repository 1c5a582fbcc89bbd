import { Prisma } from '../generated/client.ts';
import type { DatabaseTransaction } from '../transaction.ts';
import type { SealedStream } from './stream.ts';

/** An entry that is neither sealed nor waiting to be, or null. */
export async function entryWithoutPlace(
  tx: DatabaseTransaction,
  stream: SealedStream,
): Promise<string | null> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT e.id::text AS id FROM ${Prisma.raw(`app.${stream.entryTable}`)} e
    WHERE NOT EXISTS (SELECT FROM ${Prisma.raw(`app.${stream.sealTable}`)} s WHERE s.entry_id = e.id)
      AND NOT EXISTS (SELECT FROM app.unsealed_entry u WHERE u.stream = ${stream.name} AND u.entry_id = e.id)
    ORDER BY e.id LIMIT 1`;
  return rows[0]?.id ?? null;
}

/** A place in the queue whose entry is gone or sealed already, or null. */
export async function placeWithoutEntry(
  tx: DatabaseTransaction,
  stream: SealedStream,
): Promise<string | null> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT u.entry_id::text AS id FROM app.unsealed_entry u
    LEFT JOIN ${Prisma.raw(`app.${stream.entryTable}`)} e ON e.id = u.entry_id
    WHERE u.stream = ${stream.name} AND e.id IS NULL
    ORDER BY u.sequence LIMIT 1`;
  return rows[0]?.id ?? null;
}
