import type { Approval, MasterLockRecoveryIntent, RequestSignature } from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import { canonicalJson, type JsonValue } from '../shared/index.ts';

/** The intent of a recovery with all that entitles it. */
export interface EntitledRecovery {
  readonly intent: MasterLockRecoveryIntent;
  readonly request: RequestSignature;
  readonly approvals: readonly Approval[];
}

export type RecoveryOutcome = 'cancelled' | 'superseded' | 'completed';

export interface LockRecovery {
  readonly intentHash: string;
  readonly customer: string;
  readonly document: EntitledRecovery;
  readonly startedAtMs: number;
  /** Null while it waits. */
  readonly outcome: RecoveryOutcome | null;
}

interface RecoveryRow {
  readonly intent_hash: string;
  readonly customer: string;
  readonly document: string;
  readonly started_at_ms: bigint;
  readonly outcome: RecoveryOutcome | null;
}

const SELECT = `SELECT r.*, e.outcome FROM signer.lock_recovery r LEFT JOIN signer.lock_recovery_end e USING (intent_hash)`;

function recoveryOf(row: RecoveryRow): LockRecovery {
  return {
    intentHash: row.intent_hash,
    customer: row.customer,
    // Checked when it was written; the record is compared with the journal before it is acted on.
    document: JSON.parse(row.document) as EntitledRecovery,
    startedAtMs: Number(row.started_at_ms),
    outcome: row.outcome,
  };
}

export async function recoveryByIntent(tx: Queryable, intentHash: string): Promise<LockRecovery | undefined> {
  const { rows } = await tx.query<RecoveryRow>(`${SELECT} WHERE r.intent_hash = $1`, [intentHash]);
  return rows[0] === undefined ? undefined : recoveryOf(rows[0]);
}

/** The recovery that waits for a customer; there is at most one. */
export async function waitingRecovery(tx: Queryable, customer: string): Promise<LockRecovery | undefined> {
  const { rows } = await tx.query<RecoveryRow>(`${SELECT} WHERE r.customer = $1 AND e.outcome IS NULL`, [
    customer,
  ]);
  return rows[0] === undefined ? undefined : recoveryOf(rows[0]);
}

export async function addRecovery(tx: Queryable, recovery: Omit<LockRecovery, 'outcome'>): Promise<void> {
  const { intentHash, customer, document, startedAtMs } = recovery;
  await tx.query(
    'INSERT INTO signer.lock_recovery (intent_hash, customer, document, started_at_ms) VALUES ($1, $2, $3, $4)',
    [intentHash, customer, canonicalJson(document as unknown as JsonValue), startedAtMs],
  );
}

export async function endRecovery(
  tx: Queryable,
  intentHash: string,
  outcome: RecoveryOutcome,
  atMs: number,
): Promise<void> {
  await tx.query(
    'INSERT INTO signer.lock_recovery_end (intent_hash, outcome, ended_at_ms) VALUES ($1, $2, $3)',
    [intentHash, outcome, atMs],
  );
}
