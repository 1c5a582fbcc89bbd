import type { Queryable } from '../postgres/index.ts';
import { isDomainError } from '../shared/index.ts';
import { SignerError } from './errors.ts';
import {
  journalFrom,
  journalHead,
  NO_HEAD,
  signedStatementOf,
  statementOf,
  type JournalEntry,
  type JournalHead,
} from './journal.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import type { Countersigned } from './witness-link.ts';

/** Why the signer is sealed, in words; undefined when it is in step with its witness and not sealed. */
export type SealReason = string | undefined;

function sameStatement(entry: JournalEntry, { statement }: Countersigned): boolean {
  const own = statementOf(entry);
  return own.consumedHead === statement.consumedHead && own.manifestVersion === statement.manifestVersion;
}

interface PinnedWitness {
  readonly witness_key: string;
  /** Whether it has countersigned anything in this epoch. */
  readonly met: boolean;
}

/** The witness key that counts in this epoch: the one officers named, or the first that ever countersigned. */
async function pinnedWitness(tx: Queryable, epoch: number): Promise<PinnedWitness | undefined> {
  const { rows } = await tx.query<PinnedWitness>(
    `SELECT coalesce(r.witness_key, c.witness_key) AS witness_key, c.witness_key IS NOT NULL AS met
       FROM (SELECT min(witness_key) AS witness_key FROM signer.resumption WHERE epoch = $1) r,
            (SELECT (SELECT witness_key FROM signer.countersignature WHERE epoch = $1 ORDER BY counter LIMIT 1)) c
      WHERE coalesce(r.witness_key, c.witness_key) IS NOT NULL`,
    [epoch],
  );
  return rows[0];
}

/**
 * Compares the witness's memory with the record. A signer restored from an old backup is behind; one whose record
 * was edited differs; a witness that forgot is no witness.
 */
function compare(
  last: JournalHead,
  entries: readonly JournalEntry[],
  witnessed: Countersigned | null,
  pinned: PinnedWitness | undefined,
  signerKey: string,
): SealReason {
  const first = entries[0];
  if (witnessed === null) {
    const fresh = pinned?.met !== true && (first === undefined || first.previousHead === NO_HEAD);
    return fresh ? undefined : 'The witness has forgotten what it countersigned.';
  }
  if (witnessed.signerKey !== signerKey) return 'The witness watches another signer.';
  if (pinned !== undefined && witnessed.witnessKey !== pinned.witness_key) {
    return 'Another witness answers than before.';
  }
  const { counter, consumedHead } = witnessed.statement;
  if (counter > last.counter) {
    return `The witness has countersigned up to ${counter} and the record here ends at ${last.counter}: it was restored from an old copy.`;
  }
  if (first?.counter === counter) {
    return sameStatement(first, witnessed) ? undefined : 'The record here is not the one that was witnessed.';
  }
  const follows = first?.counter === counter + 1 && first.previousHead === consumedHead;
  return follows ? undefined : 'The witness is older than what it countersigned.';
}

async function keep(tx: Queryable, epoch: number, counter: number, by: Countersigned): Promise<void> {
  await tx.query(
    `INSERT INTO signer.countersignature (epoch, counter, witness_key, signature) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING`,
    [epoch, counter, by.witnessKey, by.countersignature],
  );
}

/** Whether an officer or operator has sealed it, by its own record. */
async function sealedByHand(tx: Queryable): Promise<SealReason> {
  const { rows } = await tx.query<{ kind: string; subject: string }>(
    `SELECT kind, subject FROM signer.journal WHERE kind IN ('sealed', 'resumed')
     ORDER BY epoch DESC, counter DESC LIMIT 1`,
  );
  const [entry] = rows;
  if (entry?.kind !== 'sealed') return undefined;
  return `It was sealed: ${(JSON.parse(entry.subject) as { reason: string }).reason}`;
}

async function sendMissing(
  tx: Queryable,
  parts: SignerParts,
  entries: readonly JournalEntry[],
  witnessed: Countersigned | null,
): Promise<void> {
  const { identity, witness } = parts;
  const done = witnessed?.statement.counter ?? 0;
  const epoch = entries[0]?.epoch ?? 0;
  if (witnessed !== null && entries[0]?.counter === done) await keep(tx, epoch, done, witnessed);
  for (const entry of entries) {
    if (entry.counter <= done) continue;
    await keep(
      tx,
      epoch,
      entry.counter,
      await witness.countersign(signedStatementOf(entry, identity.publicKey)),
    );
  }
}

interface Sight {
  readonly reason: SealReason;
  /** The entries of this epoch from the one that the witness holds on. */
  readonly entries: readonly JournalEntry[];
  readonly witnessed: Countersigned | null;
}

async function look(tx: Queryable, parts: SignerParts): Promise<Sight> {
  const witnessed = await parts.witness.head();
  const last = await journalHead(tx);
  const from = Math.min(witnessed?.statement.counter ?? 0, last.counter);
  const entries = await journalFrom(tx, last.epoch, from);
  const pinned = await pinnedWitness(tx, last.epoch);
  const reason =
    (await sealedByHand(tx)) ?? compare(last, entries, witnessed, pinned, parts.identity.publicKey);
  return { reason, entries, witnessed };
}

/**
 * Why nothing may be signed now; undefined when record and witness agree. Changes nothing.
 * @throws SignerError `witness_out_of_reach`.
 */
export async function sealReason(parts: SignerParts): Promise<SealReason> {
  return exclusively(parts.pool, async (tx) => (await look(tx, parts)).reason);
}

/**
 * Makes sure that record and witness agree and that the witness has countersigned every entry.
 * @throws SignerError `signer_sealed`, `witness_out_of_reach`, and what the witness refuses with.
 */
export function requireInStep(parts: SignerParts): Promise<void> {
  return exclusively(parts.pool, async (tx) => {
    const { reason, entries, witnessed } = await look(tx, parts);
    if (reason !== undefined) {
      throw new SignerError('signer_sealed', 'The signer is sealed until officers resume it.', {
        details: { reason },
      });
    }
    await sendMissing(tx, parts, entries, witnessed);
  });
}

/** Tells the witness of a change that stands in any case; when it cannot be told now, the next signing tells it. */
export async function tellWitness(parts: SignerParts): Promise<void> {
  await requireInStep(parts).catch((thrown: unknown) => {
    if (!isDomainError(thrown)) throw thrown;
  });
}
