import { inTransaction, type Database } from '../database/index.ts';
import type { AuditCheckpoint } from '../intents/index.ts';
import { CHAIN_START_HASH, type Clock } from '../shared/index.ts';
import { keepCheckpoint } from './checkpoint-store.ts';
import { headAt, sealedAfter, type SealedEntry } from './sealed-entries.ts';

/** The platform signer, which alone attests, and only what continues what it attested before. */
export interface AuditAttestor {
  last(): Promise<AuditCheckpoint | null>;
  attest(
    after: { readonly position: string; readonly head: string },
    entries: readonly { readonly sealedAtMs: number; readonly content: string }[],
  ): Promise<AuditCheckpoint>;
}

export interface CheckpointParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly attestor: AuditAttestor;
  readonly intervalMs: number;
  /** Puts a checkpoint where others find it; may be told of the same one again. */
  readonly publish: (checkpoint: AuditCheckpoint) => Promise<void>;
}

/** One call carries at most so many entries, and so much of them: far below what the signer reads at once. */
const MAX_ENTRIES = 1_000;
const MAX_CHARACTERS = 4_000_000;

/** As many as fit, one at least. */
function fitting(entries: readonly SealedEntry[]): readonly SealedEntry[] {
  let size = 0;
  const end = entries.findIndex(({ content }) => {
    size += content.length;
    return size > MAX_CHARACTERS;
  });
  return end === -1 ? entries : entries.slice(0, Math.max(1, end));
}

async function keep({ database, publish }: CheckpointParts, checkpoint: AuditCheckpoint): Promise<void> {
  await inTransaction(database, (tx) => keepCheckpoint(tx, checkpoint));
  await publish(checkpoint);
}

/** Has the next entries attested. @returns how many; 0 when there are none. */
async function attestNext(parts: CheckpointParts, last: AuditCheckpoint | null): Promise<number> {
  const { database, attestor } = parts;
  const position = last?.statement.position ?? '0';
  const { head, entries } = await inTransaction(database, async (tx) => ({
    head: await headAt(tx, BigInt(position)),
    entries: await sealedAfter(tx, BigInt(position), MAX_ENTRIES),
  }));
  const isSame = head === (last?.statement.head ?? CHAIN_START_HASH);
  if (entries.length === 0 && isSame) return 0;
  const sent = fitting(entries);
  // A log that is not the attested one any more is shown to the signer as it is, which refuses it and says so in its
  // own log, where nobody who writes to this database can take it out.
  const shown = sent.length === 0 ? [{ sealedAtMs: 0, content: '' }] : sent.map(linkOf);
  await keep(parts, await attestor.attest({ position, head: head ?? CHAIN_START_HASH }, shown));
  return sent.length;
}

function linkOf({ sealedAt, content }: SealedEntry) {
  return { sealedAtMs: sealedAt.getTime(), content };
}

/**
 * When the last checkpoint is old enough, has everything attested that was sealed since, and keeps and publishes
 * each checkpoint. What a crash left unpublished is published first. @returns how many entries were attested.
 * @throws what the attestor throws: `audit_not_continuous` when the log is not what was attested before.
 */
export async function takeCheckpoint(parts: CheckpointParts): Promise<number> {
  const { clock, attestor, intervalMs } = parts;
  let last = await attestor.last();
  if (last !== null) {
    await keep(parts, last);
    // A clock that was put back makes nobody wait.
    const age = Math.abs(clock.nowMs() - Date.parse(last.statement.attestedAt));
    if (age < intervalMs) return 0;
  }
  for (let attested = 0; ;) {
    const more = await attestNext(parts, last);
    attested += more;
    if (more === 0) return attested;
    last = await attestor.last();
  }
}
