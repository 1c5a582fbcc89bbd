import { appendAudit } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import { addressOfScript, BitcoinError, parseAddress, type NetworkName } from '../bitcoin/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { idToUuid, newId, type Clock } from '../shared/index.ts';
import { ListError } from './lists-errors.ts';
import type { PublishedAddress, PublishedList } from './sanctions-file.ts';

export const SANCTIONS_SOURCE = 'ofac-sdn';
/** What a new list does not name any more stays listed for this long. */
const DROPPED_AFTER_MS = 7 * 24 * 3_600_000;
/** A list that has lost more than this at once is looked at by people before it is believed. */
const MOST_LOST = 0.1;
const IMPORT_TIMEOUT_MS = 120_000;

export interface SanctionsImport {
  readonly addresses: number;
  readonly added: number;
  readonly dropped: number;
  readonly skipped: number;
}

interface Entry {
  readonly reference: string;
  readonly reason: string;
  readonly address: string;
}

/** As this network spells it; the published list knows the main network only. */
function entryOf({ entry, name, address }: PublishedAddress, network: NetworkName): Entry | undefined {
  try {
    const { scriptPubKey } = parseAddress(address, 'mainnet');
    const here = addressOfScript(scriptPubKey, network);
    if (here === null) return undefined;
    return { reference: entry, reason: `Sanctioned: ${name}`, address: here.text };
  } catch (thrown) {
    if (thrown instanceof BitcoinError) return undefined;
    throw thrown;
  }
}

function entriesOf(list: PublishedList, network: NetworkName): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const published of list.addresses) {
    const entry = entryOf(published, network);
    if (entry !== undefined) entries.set(`${entry.reference} ${entry.address}`, entry);
  }
  return entries;
}

/** @throws ListError `sanctions_file_outdated`, `sanctions_file_shrunk`. */
async function requireCredible(
  tx: DatabaseTransaction,
  list: PublishedList,
  count: number,
  isShrinkAllowed: boolean,
): Promise<void> {
  const last = await tx.listImport.findFirst({
    where: { source: SANCTIONS_SOURCE },
    orderBy: [{ publishedOn: 'desc' }, { id: 'desc' }],
  });
  if (last === null) return;
  if (list.publishedOn < last.publishedOn) {
    throw new ListError('sanctions_file_outdated', 'A list that was published later was imported already.', {
      details: { publishedOn: list.publishedOn.toISOString(), lastOn: last.publishedOn.toISOString() },
    });
  }
  if (!isShrinkAllowed && count < last.addresses * (1 - MOST_LOST)) {
    throw new ListError('sanctions_file_shrunk', 'This list names far fewer addresses than the one before.', {
      details: { addresses: count, before: last.addresses },
    });
  }
}

/**
 * Makes a published list the one in force: what it names is sanctioned from now on, and what it names no more is
 * listed for some days yet. The worker then looks for past payments to what is new (`screenListed`).
 * @throws ListError `sanctions_file_outdated` for one that is older than the last; `sanctions_file_shrunk`.
 */
export async function importSanctions(
  parts: { readonly database: Database; readonly clock: Clock; readonly network: NetworkName },
  list: PublishedList,
  by: QueueActor,
  { allowShrink }: { readonly allowShrink: boolean },
): Promise<SanctionsImport> {
  const entries = entriesOf(list, parts.network);
  const nowMs = parts.clock.nowMs();
  const [importId, importedAt] = [idToUuid(newId('listing')), new Date(nowMs)];
  const importedBy = by.actor.kind === 'anonymous' ? 'command-line' : by.actor.id;
  return await inTransaction(
    parts.database,
    async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('trilock/sanctions-import'))`;
      await requireCredible(tx, list, entries.size, allowShrink);
      const source = SANCTIONS_SOURCE;
      const known = await tx.listedAddress.findMany({
        where: { source },
        select: { id: true, reference: true, address: true, expiresAt: true },
      });
      const keys = new Map(known.map((row) => [`${row.reference} ${row.address}`, row]));
      const added = [...entries].filter(([key]) => !keys.has(key)).map(([, entry]) => entry);
      const kept = known.filter((row) => entries.has(`${row.reference} ${row.address}`));
      const dropped = known.filter(
        (row) => row.expiresAt === null && !entries.has(`${row.reference} ${row.address}`),
      );
      const skipped = list.others + list.addresses.length - entries.size;
      const counts = { addresses: entries.size, added: added.length, dropped: dropped.length, skipped };
      await tx.listImport.create({
        data: {
          id: importId,
          source,
          publishedOn: list.publishedOn,
          sha256: list.sha256,
          ...counts,
          importedBy,
          importedAt,
        },
      });
      await tx.listedAddress.createMany({
        data: added.map((entry) => ({
          ...entry,
          ...{ id: idToUuid(newId('listing')), source, importId, expiresAt: null },
          reputation: 'sanctioned',
          enteredBy: importedBy,
          enteredAt: importedAt,
        })),
      });
      await tx.listedAddress.updateMany({
        where: { id: { in: kept.map(({ id }) => id) } },
        data: { importId, expiresAt: null },
      });
      // While it had run out, nothing was stopped: payments of that time are looked for.
      const lapsed = kept.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= importedAt);
      await tx.listedAddress.updateMany({
        where: { id: { in: lapsed.map(({ id }) => id) } },
        data: { screenedAt: null },
      });
      await tx.listedAddress.updateMany({
        where: { id: { in: dropped.map(({ id }) => id) } },
        data: { expiresAt: new Date(nowMs + DROPPED_AFTER_MS) },
      });
      const { actor, strength } = by;
      const after = { ...counts, sha256: list.sha256, publishedOn: list.publishedOn.toISOString() };
      await appendAudit(tx, { actor, strength, action: 'list.import', entity: source, after }, parts.clock);
      return counts;
    },
    { timeoutMs: IMPORT_TIMEOUT_MS },
  );
}
