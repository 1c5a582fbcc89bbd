import { Prisma } from '../generated/client.ts';
import type { DatabaseTransaction } from '../transaction.ts';
import { sealHash, type SealedStream } from './stream.ts';

const PAGE = 1000;

/** One link of a chain as it is stored; `content` is null when the entry is gone. */
export interface ChainRow {
  readonly position: bigint;
  readonly entryId: string;
  readonly sealedAt: Date;
  readonly previousHash: string;
  readonly hash: string;
  readonly content: string | null;
  /** The entry's columns that repeat its content. */
  readonly repeated: Readonly<Record<string, unknown>>;
}

/** All links from `from` on in the order of their positions, a page at a time. */
export async function* readChain(
  tx: DatabaseTransaction,
  stream: SealedStream,
  from = 0n,
): AsyncGenerator<ChainRow> {
  const seals = Prisma.raw(`app.${stream.sealTable}`);
  const entries = Prisma.raw(`app.${stream.entryTable}`);
  const repeated = Prisma.raw(stream.repeated.map((name) => `'${name}', e.${name}`).join(', '));
  // A tampered table may hold any position.
  for (let last = from - 1n; ;) {
    const rows = await tx.$queryRaw<ChainRow[]>`
      SELECT s.position, s.entry_id::text AS "entryId", s.sealed_at AS "sealedAt",
             encode(s.previous_hash, 'hex') AS "previousHash", encode(s.hash, 'hex') AS hash,
             e.content, jsonb_build_object(${repeated}) AS repeated
      FROM ${seals} s LEFT JOIN ${entries} e ON e.id = s.entry_id
      WHERE s.position > ${last} ORDER BY s.position LIMIT ${PAGE}`;
    yield* rows;
    const end = rows.at(-1);
    if (end === undefined || rows.length < PAGE) return;
    last = end.position;
  }
}

/** Whether the link's own hash is that of its content at `position`, after the hash it claims to follow. */
export function sealsItself(stream: SealedStream, row: ChainRow, position = row.position): boolean {
  if (row.content === null) return false;
  const { sealedAt, content, previousHash } = row;
  return sealHash(stream.name, { position, hash: previousHash, sealedAt, content }) === row.hash;
}
