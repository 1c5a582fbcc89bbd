import { parseKeyAttestation, type KeyAttestation } from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import { canonicalJson, type JsonValue } from '../shared/index.ts';
import { appendEntry } from './journal.ts';
import type { SignerParts } from './signer-parts.ts';

/** What happened in a deep freeze: the subject of its journal entries, and a line of the record each. */
export type DeepFreezeEvent =
  | { readonly event: 'ordered'; readonly restriction: string; readonly orderedBy: string }
  | {
      readonly event: 'thaw';
      readonly restriction: string;
      readonly intentHash: string;
      readonly readyAtMs: number;
    }
  | { readonly event: 'key returned'; readonly restriction: string; readonly wallet: string };

/** As `verify-record` compares it with the tables. */
export function lineOfDeepFreeze(event: DeepFreezeEvent): string {
  switch (event.event) {
    case 'ordered':
      return `deep freeze ${event.restriction} ${event.orderedBy}`;
    case 'thaw':
      return `thaw ${event.restriction} ${event.intentHash} ${event.readyAtMs}`;
    case 'key returned':
      return `returned ${event.restriction} ${event.wallet}`;
  }
}

/** The lines that the tables hold, for `verify-record`. */
export const DEEP_FREEZE_LINES = `
  SELECT 'deep freeze ' || restriction || ' ' || ordered_by AS line FROM signer.deep_freeze
  UNION ALL SELECT 'thaw ' || concat_ws(' ', restriction, intent_hash, ready_at_ms) FROM signer.thaw
  UNION ALL SELECT 'returned ' || restriction || ' ' || wallet FROM signer.restored_key`;

export async function noteDeepFreeze(
  { identity }: Pick<SignerParts, 'identity'>,
  tx: Queryable,
  event: DeepFreezeEvent,
  atMs: number,
): Promise<void> {
  await appendEntry(tx, identity, { kind: 'deep_freeze', subject: { ...event }, atMs });
}

export async function addDeepFreeze(
  tx: Queryable,
  it: { readonly restriction: string; readonly orderedBy: string; readonly document: object },
): Promise<void> {
  await tx.query('INSERT INTO signer.deep_freeze (restriction, ordered_by, document) VALUES ($1, $2, $3)', [
    it.restriction,
    it.orderedBy,
    canonicalJson(it.document as JsonValue),
  ]);
}

/** By whose word a deep freeze was ordered; undefined for none. */
export async function orderOf(tx: Queryable, restriction: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ ordered_by: string }>(
    'SELECT ordered_by FROM signer.deep_freeze WHERE restriction = $1',
    [restriction],
  );
  return rows[0]?.ordered_by;
}

/** A deep freeze whose time lock runs. */
export interface Thaw {
  readonly restriction: string;
  readonly intentHash: string;
  readonly document: string;
  readonly readyAtMs: number;
}

export async function thawOf(tx: Queryable, restriction: string): Promise<Thaw | undefined> {
  const { rows } = await tx.query<{ intent_hash: string; document: string; ready_at_ms: bigint }>(
    'SELECT intent_hash, document, ready_at_ms FROM signer.thaw WHERE restriction = $1',
    [restriction],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { intent_hash: intentHash, document } = row;
  return { restriction, intentHash, document, readyAtMs: Number(row.ready_at_ms) };
}

export async function addThaw(tx: Queryable, it: Thaw): Promise<void> {
  await tx.query(
    'INSERT INTO signer.thaw (restriction, intent_hash, document, ready_at_ms) VALUES ($1, $2, $3, $4)',
    [it.restriction, it.intentHash, it.document, it.readyAtMs],
  );
}

/** Notes that a key is back. @returns false when it was noted before. */
export async function addReturnedKey(tx: Queryable, restriction: string, wallet: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'INSERT INTO signer.restored_key (restriction, wallet) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [restriction, wallet],
  );
  return rowCount === 1;
}

/** The platform keys of a customer's wallets, by wallet. */
export async function platformKeysOf(
  tx: Queryable,
  customer: string,
): Promise<ReadonlyMap<string, KeyAttestation>> {
  const { rows } = await tx.query<{ wallet: string; attestation: string }>(
    `SELECT k.wallet, k.attestation FROM signer.platform_key k JOIN signer.wallet w ON w.id = k.wallet
      WHERE w.customer = $1 ORDER BY k.wallet`,
    [customer],
  );
  return new Map(rows.map((row) => [row.wallet, parseKeyAttestation(JSON.parse(row.attestation))]));
}

/**
 * The wallets whose slots must be empty: their customer is frozen deeply, and nobody has brought the key back for
 * that freeze.
 */
export async function walletsToErase(tx: Queryable): Promise<readonly string[]> {
  const { rows } = await tx.query<{ wallet: string }>(
    `SELECT DISTINCT w.id AS wallet FROM signer.wallet w
       JOIN signer.restriction r ON r.customer = w.customer
       JOIN signer.deep_freeze d ON d.restriction = r.id
      WHERE NOT EXISTS (SELECT FROM signer.restriction_release x WHERE x.restriction = r.id)
        AND NOT EXISTS (SELECT FROM signer.restored_key k WHERE k.restriction = r.id AND k.wallet = w.id)
      ORDER BY w.id`,
  );
  return rows.map(({ wallet }) => wallet);
}
