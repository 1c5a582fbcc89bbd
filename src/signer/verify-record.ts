import {
  manifestHash,
  parseMasterLockRegistration,
  parseSignedManifest,
  parseWalletRegistration,
  registrationHash,
} from '../intents/index.ts';
import type { Pool, Queryable } from '../postgres/index.ts';
import { canonicalJson, type JsonValue } from '../shared/index.ts';
import { verifyEd25519, type Ed25519Key } from './ed25519.ts';
import { entryHash, NO_HEAD, statementOf, type JournalKind } from './journal.ts';
import { BREAKER_LINES, lineOfBreaker, type BreakerEvent } from './breaker.ts';
import { DEEP_FREEZE_LINES, lineOfDeepFreeze, type DeepFreezeEvent } from './deep-freeze-store.ts';
import { lineOfLockEvent, recoveryDocumentHash, type LockEvent } from './lock-record.ts';
import { lockRegistrationHash } from './master-lock-store.ts';
import { exclusively } from './signer-parts.ts';
import { intentSetHash, outpointSetHash } from './spend-store.ts';
import { statementBytes } from './witness/witness-statement.ts';

interface Row {
  readonly epoch: number;
  readonly counter: bigint;
  readonly kind: JournalKind;
  readonly subject: string;
  readonly manifest_number: number;
  readonly at_ms: bigint;
  readonly previous_head: string;
  readonly head: string;
  readonly statement_signature: string;
}

/** What an entry's subject holds, by its kind. */
type Subject = Readonly<Record<string, JsonValue>>;

interface SignedSubject {
  readonly txid: string;
  readonly wallet: string;
  readonly intents: readonly { readonly hash: string; readonly satoshis: string }[];
  readonly outpoints: readonly string[];
  readonly feeSats: string;
  readonly child?: { readonly outpoint: string };
  readonly flows?: readonly {
    readonly intentHash: string;
    readonly incoming: boolean;
    readonly satoshis: string;
  }[];
}

/** The chain of hashes, and the signer's own signature under the last entry of each epoch. */
function chainDamage(rows: readonly Row[], identity: Ed25519Key): string | undefined {
  let ownHead = NO_HEAD;
  for (const [index, row] of rows.entries()) {
    const entry = {
      epoch: row.epoch,
      counter: Number(row.counter),
      kind: row.kind,
      subject: JSON.parse(row.subject) as JsonValue,
      manifestNumber: row.manifest_number,
      atMs: Number(row.at_ms),
      previousHead: row.previous_head,
      ownHead,
    };
    const where = `entry ${row.epoch}/${row.counter}`;
    if (row.kind !== 'resumed' && row.previous_head !== ownHead) return `${where} does not follow`;
    if (entryHash(entry) !== row.head) return `${where} was changed`;
    ownHead = row.head;
    if (rows[index + 1]?.epoch === row.epoch) continue;
    const bytes = statementBytes('signer', identity.publicKey, statementOf({ ...entry, head: row.head }));
    if (!verifyEd25519(identity.publicKey, bytes, row.statement_signature))
      return `${where} is not signed here`;
  }
  return undefined;
}

/** As PostgreSQL writes it. */
function flowLine(intentHash: string, incoming: boolean, satoshis: string): string {
  return `flow ${intentHash} ${incoming ? 't' : 'f'} ${satoshis}`;
}

function signedLines(subject: SignedSubject): string[] {
  const { txid, wallet, intents, outpoints, feeSats, child, flows = [] } = subject;
  const promised = child === undefined ? outpoints : [...outpoints, child.outpoint];
  const intentSet = intentSetHash(intents.map(({ hash }) => hash));
  const outpointSet = outpointSetHash(outpoints);
  return [
    `spend ${txid} ${wallet} ${intentSet} ${outpointSet} ${feeSats}`,
    ...intents.map(({ hash }) => `paid ${txid} ${hash}`),
    ...intents.map(({ hash, satoshis }) => `consumed ${hash} ${intentSet} ${outpointSet} ${satoshis}`),
    ...flows.map(({ intentHash, incoming, satoshis }) => flowLine(intentHash, incoming, satoshis)),
    ...promised.map((outpoint) => `promised ${outpoint} ${intentSet} ${outpointSet}`),
  ];
}

function word(subject: Subject, name: string): string {
  const value = subject[name];
  return typeof value === 'string' ? value : canonicalJson(value ?? null);
}

/** What the tables must hold by the journal, a line for each row. */
function expectedLines(rows: readonly Row[]): Set<string> {
  const lines = new Set<string>();
  for (const { epoch, kind, subject: text } of rows) {
    const subject = JSON.parse(text) as Subject;
    if (kind === 'manifest') lines.add(`manifest ${word(subject, 'number')} ${word(subject, 'hash')}`);
    if (kind === 'key')
      lines.add(`key ${word(subject, 'wallet')} ${word(subject, 'xpub')} ${word(subject, 'origin')}`);
    if (kind === 'wallet')
      lines.add(`wallet ${word(subject, 'wallet')} ${word(subject, 'registrationHash')}`);
    if (kind === 'credential') {
      lines.add(`credential ${word(subject, 'customer')} ${word(subject, 'credential')}`);
    }
    if (kind === 'master_lock') lines.add(lineOfLockEvent(JSON.parse(text) as LockEvent));
    if (kind === 'breaker') lines.add(lineOfBreaker(JSON.parse(text) as BreakerEvent));
    if (kind === 'deep_freeze') lines.add(lineOfDeepFreeze(JSON.parse(text) as DeepFreezeEvent));
    if (kind === 'restricted') {
      lines.add(
        // What was recorded before there were kinds was recorded of cases.
        `restricted ${word(subject, 'restriction')} ${word(subject, 'customer')} ${word({ kind: 'case', ...subject }, 'kind')} ${word(subject, 'openedBy')}`,
      );
    }
    if (kind === 'released') {
      lines.add(`released ${word(subject, 'restriction')} ${word(subject, 'intentHash')}`);
    }
    if (kind === 'audit') lines.add(`audit ${word(subject, 'position')} ${word(subject, 'head')}`);
    if (kind === 'refill') lines.add(flowLine(word(subject, 'intentHash'), true, word(subject, 'satoshis')));
    if (kind === 'revoked') lines.add(`revoked ${word(subject, 'intentHash')}`);
    if (kind === 'abandoned') lines.add(`abandoned ${word(subject, 'txid')}`);
    if (kind === 'resumed')
      lines.add(`resumed ${epoch} ${word(subject, 'witnessKey')} ${word(subject, 'issuedAt')}`);
    if (kind === 'signed') for (const line of signedLines(JSON.parse(text) as SignedSubject)) lines.add(line);
  }
  return lines;
}

const LINES = `
  SELECT 'key ' || wallet || ' ' || xpub || ' ' || origin AS line FROM signer.platform_key
  UNION ALL SELECT 'revoked ' || intent_hash FROM signer.revoked_intent
  UNION ALL SELECT 'abandoned ' || txid FROM signer.abandoned_transaction
  UNION ALL SELECT 'restricted ' || concat_ws(' ', id, customer, kind, opened_by) FROM signer.restriction
  UNION ALL SELECT 'released ' || restriction || ' ' || lifted_by FROM signer.restriction_release
  UNION ALL SELECT 'spend ' || concat_ws(' ', txid, wallet, intent_set, outpoint_set, fee) FROM signer.spend
  UNION ALL SELECT 'flow ' || concat_ws(' ', intent_hash, incoming, satoshis) FROM signer.hot_flow
  UNION ALL SELECT 'paid ' || txid || ' ' || intent_hash FROM signer.spend_intent
  UNION ALL SELECT 'consumed ' || concat_ws(' ', intent_hash, intent_set, outpoint_set, satoshis) FROM signer.consumed_intent
  UNION ALL SELECT 'promised ' || concat_ws(' ', outpoint, intent_set, outpoint_set) FROM signer.promised_outpoint
  UNION ALL SELECT 'audit ' || position || ' ' || head FROM signer.audit_checkpoint
  UNION ALL SELECT 'ended ' || id || ' ' || reason FROM signer.ended_credential
  UNION ALL SELECT 'statement ' || concat_ws(' ', hash, customer, purpose) FROM signer.customer_statement
  UNION ALL SELECT 'recovery ended ' || intent_hash || ' ' || outcome FROM signer.lock_recovery_end
  UNION ALL SELECT 'resumed ' || epoch || ' ' || witness_key || ' ' || (document::jsonb -> 'statement' ->> 'issuedAt')
    FROM signer.resumption
  UNION ALL ${DEEP_FREEZE_LINES}
  UNION ALL ${BREAKER_LINES}`;

interface RecoveryLine {
  readonly intent_hash: string;
  readonly customer: string;
  readonly document: string;
  readonly started_at_ms: bigint;
}

async function documentLines(tx: Queryable): Promise<string[]> {
  const manifests = await tx.query<{ document: string }>('SELECT document FROM signer.manifest');
  const wallets = await tx.query<{ registration: string }>('SELECT registration FROM signer.wallet');
  const locks = await tx.query<{ registration: string; customer: string; id: string }>(
    'SELECT id, customer, registration FROM signer.master_lock',
  );
  const recoveries = await tx.query<RecoveryLine>('SELECT * FROM signer.lock_recovery');
  return [
    ...locks.rows.map(({ id, customer, registration: text }) => {
      const registrationHash = lockRegistrationHash(parseMasterLockRegistration(JSON.parse(text)));
      return lineOfLockEvent({ event: 'pinned', customer, lock: id, registrationHash });
    }),
    ...recoveries.rows.map(({ intent_hash: intentHash, customer, document, started_at_ms }) => {
      const documentHash = recoveryDocumentHash(JSON.parse(document) as object);
      const startedAtMs = Number(started_at_ms);
      return lineOfLockEvent({ event: 'recovery', customer, intentHash, documentHash, startedAtMs });
    }),
    ...manifests.rows.map(({ document }) => {
      const { manifest } = parseSignedManifest(JSON.parse(document));
      return `manifest ${manifest.number} ${manifestHash(manifest)}`;
    }),
    ...wallets.rows.map((row) => {
      const registration = parseWalletRegistration(JSON.parse(row.registration));
      return `wallet ${registration.wallet} ${registrationHash(registration)}`;
    }),
  ];
}

async function credentialLines(tx: Queryable): Promise<string[]> {
  const { rows } = await tx.query<{ id: string; customer: string; public_key: string }>(
    'SELECT id, customer, public_key FROM signer.credential',
  );
  return rows.map(({ id, customer, public_key }) => {
    const credential = { id, publicKey: JSON.parse(public_key) as JsonValue };
    return `credential ${customer} ${canonicalJson(credential)}`;
  });
}

async function damage(tx: Queryable, identity: Ed25519Key): Promise<string | undefined> {
  const { rows } = await tx.query<Row>('SELECT * FROM signer.journal ORDER BY epoch, counter');
  const broken = chainDamage(rows, identity);
  if (broken !== undefined) return broken;
  const expected = expectedLines(rows);
  const { rows: plain } = await tx.query<{ line: string }>(LINES);
  const actual = new Set([
    ...(await documentLines(tx)),
    ...(await credentialLines(tx)),
    ...plain.map(({ line }) => line),
  ]);
  const missing = [...expected].find((line) => !actual.has(line));
  if (missing !== undefined) return `a row is missing: ${missing.slice(0, 200)}`;
  const added = [...actual].find((line) => !expected.has(line));
  return added === undefined ? undefined : `a row was added: ${added.slice(0, 200)}`;
}

/**
 * Compares the signer's tables with its journal, and the journal with its own hashes and signatures: what a
 * superuser of the database took out, put in or changed. Together with the witness's head nothing can be rewritten.
 * @returns what differs first; undefined when all is as it was written.
 */
export function recordDamage(pool: Pool, identity: Ed25519Key): Promise<string | undefined> {
  return exclusively(pool, async (tx) => {
    try {
      return await damage(tx, identity);
    } catch (thrown) {
      return `it cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    }
  });
}
