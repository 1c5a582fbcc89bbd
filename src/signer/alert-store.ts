import type { Queryable } from '../postgres/index.ts';
import { isoTime, type ErrorDetails } from '../shared/index.ts';
import type { SignerAlert, SignerMethod } from './signer-contract.ts';

export interface NewAlert {
  readonly atMs: number;
  readonly kind: SignerAlert['kind'];
  readonly method: SignerMethod | 'start';
  /** Of a refusal alone. */
  readonly code?: string;
  readonly text: string;
  readonly details: ErrorDetails;
}

interface AlertRow {
  readonly position: bigint;
  readonly at_ms: bigint;
  readonly kind: SignerAlert['kind'];
  readonly method: string;
  readonly code: string | null;
  readonly text: string;
  readonly details: string;
}

/** Long enough for what we say ourselves; what a caller sent is not stored at length. */
const MAX_DETAILS = 4_000;

export async function addAlert(tx: Queryable, alert: NewAlert): Promise<void> {
  const details = JSON.stringify(alert.details);
  await tx.query(
    `INSERT INTO signer.alert (at_ms, kind, method, code, text, details) VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      alert.atMs,
      alert.kind,
      alert.method,
      alert.code ?? null,
      alert.text,
      details.length > MAX_DETAILS ? '{"cut":true}' : details,
    ],
  );
}

export async function alertsAfter(tx: Queryable, after: number, limit: number): Promise<SignerAlert[]> {
  const { rows } = await tx.query<AlertRow>(
    'SELECT position, at_ms, kind, method, code, text, details FROM signer.alert WHERE position > $1 ORDER BY position LIMIT $2',
    [after, limit],
  );
  return rows.map((row) => ({
    position: Number(row.position),
    at: isoTime(Number(row.at_ms)),
    kind: row.kind,
    method: row.method,
    code: row.code,
    text: row.text,
    details: JSON.parse(row.details) as SignerAlert['details'],
  }));
}
