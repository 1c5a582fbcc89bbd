import type { Database } from '../database.ts';
import { inTransaction, type DatabaseTransaction } from '../transaction.ts';
import { readChain, sealsItself, type ChainRow } from './chain-rows.ts';
import { classify } from './classify-damage.ts';
import type { ChainReport, Damage } from './damage.ts';
import { CHAIN_START, type ChainPoint, type SealedStream } from './stream.ts';
import { entryWithoutPlace, placeWithoutEntry } from './unsealed-rows.ts';

/** Reading a long chain takes its time; nobody waits for its locks, since it takes none. */
const TIMEOUT_MS = 3_600_000;

function repeatsItsContent(stream: SealedStream, row: ChainRow): boolean {
  const content = JSON.parse(row.content ?? 'null') as Record<string, unknown> | null;
  return stream.repeated.every((name) => content?.[name] === row.repeated[name]);
}

async function walk(
  tx: DatabaseTransaction,
  stream: SealedStream,
  trusted: ReadonlyMap<bigint, string>,
): Promise<Damage | ChainPoint> {
  let point = CHAIN_START;
  let before: ChainRow | null = null;
  for await (const row of readChain(tx, stream)) {
    const expected = point.position + 1n;
    if (row.position > expected) return { kind: 'deleted', position: expected, entryId: null };
    // Positions below 1, which only a tampered table holds.
    if (row.position < expected) return { kind: 'inserted', position: row.position, entryId: row.entryId };
    if (row.content === null) return { kind: 'deleted', position: expected, entryId: row.entryId };
    if (row.previousHash !== point.hash || !sealsItself(stream, row)) {
      return classify(tx, stream, row, before);
    }
    if (!repeatsItsContent(stream, row)) return { kind: 'edited', position: expected, entryId: row.entryId };
    const published = trusted.get(expected);
    if (published !== undefined && published !== row.hash) {
      return { kind: 'rewritten', position: expected, entryId: row.entryId };
    }
    point = { position: expected, hash: row.hash };
    before = row;
  }
  return point;
}

async function checkEnd(
  tx: DatabaseTransaction,
  stream: SealedStream,
  end: ChainPoint,
  trusted: ReadonlyMap<bigint, string>,
): Promise<Damage | null> {
  const stored = await tx.streamHead.findUnique({ where: { name: stream.name } });
  const promised = [stored?.position ?? 0n, ...trusted.keys()].reduce((a, b) => (a > b ? a : b));
  if (end.position < promised) return { kind: 'deleted', position: end.position + 1n, entryId: null };
  if (stored === null) return { kind: 'deleted', position: null, entryId: null };
  if (end.position > stored.position) {
    return { kind: 'inserted', position: stored.position + 1n, entryId: null };
  }
  const hash = Buffer.from(stored.hash).toString('hex');
  return hash === end.hash ? null : { kind: 'edited', position: end.position, entryId: null };
}

/** Entries past the queue were put there by hand; queued ones without an entry were removed by hand. */
async function checkUnsealed(tx: DatabaseTransaction, stream: SealedStream): Promise<Damage | null> {
  const inserted = await entryWithoutPlace(tx, stream);
  if (inserted !== null) return { kind: 'inserted', position: null, entryId: inserted };
  const deleted = await placeWithoutEntry(tx, stream);
  return deleted === null ? null : { kind: 'deleted', position: null, entryId: deleted };
}

/**
 * Recomputes a whole chain from its contents, in one snapshot, beside running writers and sealers, and names
 * the first entry that was edited, deleted, inserted or moved. `trusted` are points of the chain that were
 * published before: only they can show that somebody rewrote everything from some entry on, or cut the end
 * off and set the head back.
 */
export async function verifyChain(
  database: Database,
  stream: SealedStream,
  trusted: readonly ChainPoint[] = [],
): Promise<ChainReport> {
  const published = new Map(trusted.map((point) => [point.position, point.hash]));
  return inTransaction(
    database,
    async (tx) => {
      const end = await walk(tx, stream, published);
      if ('kind' in end) return { intact: false, ...end };
      const damage = (await checkEnd(tx, stream, end, published)) ?? (await checkUnsealed(tx, stream));
      if (damage !== null) return { intact: false, ...damage };
      const unsealed = await tx.unsealedEntry.count({ where: { stream: stream.name } });
      return { intact: true, head: end, unsealed: BigInt(unsealed) };
    },
    { isolation: 'RepeatableRead', timeoutMs: TIMEOUT_MS },
  );
}
