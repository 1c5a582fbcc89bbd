import type { DatabaseTransaction } from '../transaction.ts';
import { readChain, sealsItself, type ChainRow } from './chain-rows.ts';
import type { Damage } from './damage.ts';
import { sealHash, type SealedStream } from './stream.ts';

/** The position at which the link was sealed, when it still carries its hash but stands elsewhere. */
async function sealedPosition(tx: DatabaseTransaction, stream: SealedStream, row: ChainRow) {
  // Moved links keep the hash they follow, and one of the others still has it as its own.
  for await (const other of readChain(tx, stream)) {
    for (const position of [other.position, other.position + 1n]) {
      if (sealsItself(stream, row, position)) return position;
    }
  }
  return null;
}

/** Whether the content belongs to the seal of another position: entries were exchanged under their seals. */
async function belongsElsewhere(tx: DatabaseTransaction, stream: SealedStream, row: ChainRow) {
  const { content } = row;
  if (content === null) return false;
  for await (const other of readChain(tx, stream)) {
    const { position, sealedAt, previousHash } = other;
    const hash = sealHash(stream.name, { position, sealedAt, hash: previousHash, content });
    if (position !== row.position && hash === other.hash) return true;
  }
  return false;
}

/**
 * Says what was done, from the first link that does not fit and the one before it, which does. A link that is
 * whole in itself but follows another hash means that the one before was replaced, hash and all; a link that
 * was sealed one place lower means that the one before was put in; one place higher, that an entry before it
 * was taken out; any other place, that links were moved.
 */
export async function classify(
  tx: DatabaseTransaction,
  stream: SealedStream,
  row: ChainRow,
  before: ChainRow | null,
): Promise<Damage> {
  const here = { position: row.position, entryId: row.entryId };
  const previous = { position: row.position - 1n, entryId: before?.entryId ?? null };
  if (sealsItself(stream, row)) {
    return before === null ? { kind: 'edited', ...here } : { kind: 'edited', ...previous };
  }
  const original = await sealedPosition(tx, stream, row);
  if (original === row.position - 1n) return { kind: 'inserted', ...previous };
  if (original === row.position + 1n) {
    const swapped = await hasLink(tx, stream, row.previousHash);
    return swapped
      ? { kind: 'reordered', ...here }
      : { kind: 'deleted', position: row.position, entryId: null };
  }
  if (original !== null || (await belongsElsewhere(tx, stream, row))) return { kind: 'reordered', ...here };
  return { kind: 'edited', ...here };
}

async function hasLink(tx: DatabaseTransaction, stream: SealedStream, hash: string): Promise<boolean> {
  for await (const other of readChain(tx, stream)) {
    if (other.hash === hash) return true;
  }
  return false;
}
