import { hashStatement, hex } from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import { canonicalJson, type JsonValue } from '../shared/index.ts';
import type { Ed25519Key } from './ed25519.ts';
import { statementBytes, type SignedStatement, type WitnessStatement } from './witness/witness-statement.ts';

const JOURNAL_TAG = 'trilock/signer-journal/1';
/** What the first entry of all follows. */
export const NO_HEAD = '0'.repeat(64);

export type JournalKind =
  | 'manifest'
  | 'key'
  | 'wallet'
  | 'credential'
  | 'signed'
  | 'revoked'
  | 'abandoned'
  | 'restricted'
  | 'released'
  | 'sealed'
  | 'resumed'
  | 'master_lock'
  | 'deep_freeze'
  | 'breaker'
  | 'refill'
  | 'audit'
  | 'freeze_status'
  | 'told';

/** Where the signer's record stands. */
export interface JournalHead {
  readonly epoch: number;
  /** 0 before the first entry. */
  readonly counter: number;
  readonly head: string;
}

export interface JournalEntry extends JournalHead {
  readonly manifestNumber: number;
  readonly previousHead: string;
  readonly statementSignature: string;
}

interface JournalRow {
  readonly epoch: number;
  readonly counter: bigint;
  readonly head: string;
  readonly manifest_number: number;
  readonly previous_head: string;
  readonly statement_signature: string;
}

const COLUMNS = 'epoch, counter, head, manifest_number, previous_head, statement_signature';

function entryOf(row: JournalRow): JournalEntry {
  return {
    epoch: row.epoch,
    counter: Number(row.counter),
    head: row.head,
    manifestNumber: row.manifest_number,
    previousHead: row.previous_head,
    statementSignature: row.statement_signature,
  };
}

export async function journalHead(tx: Queryable): Promise<JournalHead> {
  const { rows } = await tx.query<JournalRow>(
    `SELECT ${COLUMNS} FROM signer.journal ORDER BY epoch DESC, counter DESC LIMIT 1`,
  );
  return rows[0] === undefined ? { epoch: 0, counter: 0, head: NO_HEAD } : entryOf(rows[0]);
}

/** The entries of an epoch from a counter on. */
export async function journalFrom(tx: Queryable, epoch: number, counter: number): Promise<JournalEntry[]> {
  const { rows } = await tx.query<JournalRow>(
    `SELECT ${COLUMNS} FROM signer.journal WHERE epoch = $1 AND counter >= $2 ORDER BY counter`,
    [epoch, counter],
  );
  return rows.map(entryOf);
}

export async function manifestNumberInForce(tx: Queryable): Promise<number> {
  const { rows } = await tx.query<{ number: number | null }>(
    'SELECT max(number) AS number FROM signer.manifest',
  );
  return rows[0]?.number ?? 0;
}

/** What the witness countersigns for an entry. */
export function statementOf(entry: {
  readonly counter: number;
  readonly manifestNumber: number;
  readonly head: string;
}): WitnessStatement {
  return { counter: entry.counter, manifestVersion: entry.manifestNumber, consumedHead: entry.head };
}

export function signedStatementOf(entry: JournalEntry, signerKey: string): SignedStatement {
  return { statement: statementOf(entry), signerKey, signature: entry.statementSignature };
}

export interface NewEntry {
  readonly kind: JournalKind;
  /** What happened: plain data, hashed into the chain. */
  readonly subject: JsonValue;
  readonly atMs: number;
}

/** The hash of an entry, over all of it and the entry before; after a resumption, over the witness's head too. */
export function entryHash(entry: {
  readonly epoch: number;
  readonly counter: number;
  readonly kind: JournalKind;
  readonly subject: JsonValue;
  readonly manifestNumber: number;
  readonly atMs: number;
  readonly previousHead: string;
  readonly ownHead: string;
}): string {
  return hex(hashStatement(JOURNAL_TAG, entry));
}

/** Where a resumption lets the journal go on: after what the witness last countersigned. */
export interface AfterWitness {
  readonly counter: number;
  readonly head: string;
}

/**
 * Adds an entry to the chain, with the statement for the witness already signed. The caller holds the lock
 * (`exclusively`), and has written a manifest before the entry that announces it.
 */
export async function appendEntry(
  tx: Queryable,
  identity: Ed25519Key,
  entry: NewEntry,
  afterWitness?: AfterWitness,
): Promise<JournalHead> {
  const last = await journalHead(tx);
  const manifestNumber = await manifestNumberInForce(tx);
  const base = afterWitness ?? last;
  const epoch = afterWitness === undefined ? last.epoch : last.epoch + 1;
  const counter = base.counter + 1;
  const { kind, subject, atMs } = entry;
  const hashed = { epoch, counter, kind, subject, manifestNumber, atMs };
  const head = entryHash({ ...hashed, previousHead: base.head, ownHead: last.head });
  const statement = statementOf({ counter, manifestNumber, head });
  const signature = identity.sign(statementBytes('signer', identity.publicKey, statement));
  await tx.query(
    `INSERT INTO signer.journal
       (epoch, counter, kind, subject, manifest_number, at_ms, previous_head, head, statement_signature)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [epoch, counter, kind, canonicalJson(subject), manifestNumber, atMs, base.head, head, signature],
  );
  return { epoch, counter, head };
}
