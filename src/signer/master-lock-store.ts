import {
  hashStatement,
  hex,
  parseMasterLockRegistration,
  type MasterLockRegistration,
} from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import { canonicalJson, type JsonValue } from '../shared/index.ts';

const REGISTRATION_TAG = 'trilock/master-lock-registration/1';

/** Why a credential signs nothing any more. */
export type EndReason = 'replaced' | 'revoked' | 'recovered';

/** A master lock as it was pinned. */
export interface PinnedLock {
  readonly id: string;
  readonly customer: string;
  readonly registration: MasterLockRegistration;
  readonly registrationHash: string;
  readonly pinnedAtMs: number;
  readonly live: boolean;
}

interface LockRow {
  readonly id: string;
  readonly customer: string;
  readonly registration: string;
  readonly registration_hash: string;
  readonly pinned_at_ms: bigint;
  readonly live: boolean;
}

/** 32 bytes, hex, over every word of a registration. */
export function lockRegistrationHash(registration: MasterLockRegistration): string {
  return hex(hashStatement(REGISTRATION_TAG, registration));
}

/** Every lock that a customer ever had, oldest first; at most one is live. */
export async function locksOf(tx: Queryable, customer: string): Promise<readonly PinnedLock[]> {
  const { rows } = await tx.query<LockRow>(
    `SELECT l.*, e.id IS NULL AS live FROM signer.master_lock l LEFT JOIN signer.ended_credential e USING (id)
      WHERE l.customer = $1 ORDER BY l.pinned_at_ms, l.id`,
    [customer],
  );
  return rows.map((row) => ({
    id: row.id,
    customer: row.customer,
    registration: parseMasterLockRegistration(JSON.parse(row.registration)),
    registrationHash: row.registration_hash,
    pinnedAtMs: Number(row.pinned_at_ms),
    live: row.live,
  }));
}

export async function addLock(
  tx: Queryable,
  registration: MasterLockRegistration,
  atMs: number,
): Promise<void> {
  const { id, customer } = registration.statement;
  await tx.query(
    `INSERT INTO signer.master_lock (id, customer, registration, registration_hash, pinned_at_ms)
     VALUES ($1, $2, $3, $4, $5)`,
    [
      id,
      customer,
      canonicalJson(registration as unknown as JsonValue),
      lockRegistrationHash(registration),
      atMs,
    ],
  );
}

export async function endCredential(
  tx: Queryable,
  id: string,
  reason: EndReason,
  atMs: number,
): Promise<void> {
  await tx.query('INSERT INTO signer.ended_credential (id, reason, ended_at_ms) VALUES ($1, $2, $3)', [
    id,
    reason,
    atMs,
  ]);
}

/** Whether a statement was accepted before. */
export async function knowsStatement(tx: Queryable, hash: string): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT 1 FROM signer.customer_statement WHERE hash = $1', [hash]);
  return rowCount === 1;
}

/** Remembers a statement. @returns false when it was accepted before. */
export async function addStatement(
  tx: Queryable,
  statement: { readonly hash: string; readonly customer: string; readonly purpose: string },
  atMs: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO signer.customer_statement (hash, customer, purpose, accepted_at_ms) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING`,
    [statement.hash, statement.customer, statement.purpose, atMs],
  );
  return rowCount === 1;
}
