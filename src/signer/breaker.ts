import { intentHash } from '../intents/index.ts';
import type { PoolClient, Queryable } from '../postgres/index.ts';
import { canonicalJson, isoTime, type JsonValue } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { requireEntitledStaff } from './entitled-staff.ts';
import { SignerError } from './errors.ts';
import { requireInStep, tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';

/** What happened to the breaker: the subject of its journal entries, and a line of the record each. */
export type BreakerEvent =
  | { readonly event: 'tripped'; readonly breaker: string; readonly trippedBy: string }
  | { readonly event: 'reset'; readonly breaker: string; readonly intentHash: string };

/** As `verify-record` compares it with the tables. */
export function lineOfBreaker(event: BreakerEvent): string {
  const { breaker } = event;
  return event.event === 'tripped'
    ? `breaker ${breaker} ${event.trippedBy}`
    : `reset ${breaker} ${event.intentHash}`;
}

/** The lines that the tables hold, for `verify-record`. */
export const BREAKER_LINES = `
  SELECT 'breaker ' || id || ' ' || tripped_by AS line FROM signer.breaker
  UNION ALL SELECT 'reset ' || breaker || ' ' || intent_hash FROM signer.breaker_reset`;

interface KnownBreaker {
  readonly tripped_by: string;
  readonly tripped_at_ms: bigint;
  readonly intent_hash: string | null;
  readonly reset_at_ms: bigint | null;
}

async function knownBreaker(tx: Queryable, id: string): Promise<KnownBreaker | undefined> {
  const { rows } = await tx.query<KnownBreaker>(
    `SELECT b.tripped_by, b.tripped_at_ms, r.intent_hash, r.reset_at_ms FROM signer.breaker b
       LEFT JOIN signer.breaker_reset r ON r.breaker = b.id WHERE b.id = $1`,
    [id],
  );
  return rows[0];
}

/** @throws SignerError `breaker_tripped`. */
export async function requireNoBreaker(tx: Queryable): Promise<void> {
  const { rows } = await tx.query<{ id: string }>('SELECT id FROM signer.open_breaker LIMIT 1');
  const [open] = rows;
  if (open === undefined) return;
  throw new SignerError('breaker_tripped', 'The circuit breaker has tripped: nothing is signed.', {
    details: { breaker: open.id },
  });
}

/** When the breaker was reset the last time; 0 when it never was. */
export async function lastReset(tx: Queryable): Promise<number> {
  const { rows } = await tx.query<{ latest: bigint | null }>(
    'SELECT max(reset_at_ms) AS latest FROM signer.breaker_reset',
  );
  return Number(rows[0]?.latest ?? 0n);
}

async function note(
  { identity }: Pick<SignerParts, 'identity'>,
  tx: PoolClient,
  event: BreakerEvent,
  text: string,
  atMs: number,
): Promise<void> {
  await appendEntry(tx, identity, { kind: 'breaker', subject: { ...event }, atMs });
  const method = event.event === 'tripped' ? 'tripBreaker' : 'resetBreaker';
  await addAlert(tx, { atMs, kind: 'breaker', method, text, details: { ...event } });
}

/**
 * Signs nothing more, for anybody, from the answer on. Anybody who reaches the socket may ask for it, since it only
 * stops. May be repeated. @throws SignerError `restriction_differs`.
 */
export async function tripBreaker(
  parts: SignerParts,
  { breaker, trippedBy }: SignerParameters<'tripBreaker'>,
): Promise<SignerAnswer<'tripBreaker'>> {
  const trippedAtMs = await exclusively(parts.pool, async (tx) => {
    const known = await knownBreaker(tx, breaker);
    if (known?.tripped_by === trippedBy) return Number(known.tripped_at_ms);
    if (known !== undefined) {
      throw new SignerError('restriction_differs', 'This breaker was tripped by somebody else.', {
        details: { breaker },
      });
    }
    const atMs = parts.clock.nowMs();
    await tx.query('INSERT INTO signer.breaker (id, tripped_by, tripped_at_ms) VALUES ($1, $2, $3)', [
      breaker,
      trippedBy,
      atMs,
    ]);
    await note(parts, tx, { event: 'tripped', breaker, trippedBy }, 'Signs nothing more, for anybody.', atMs);
    return atMs;
  });
  await tellWitness(parts);
  return { trippedAt: isoTime(trippedAtMs) };
}

/**
 * Signs again when enough people have approved just that, by the manifest, after it has tripped; what was approved
 * before is void. May be repeated after a lost answer.
 * @throws SignerError `restriction_unknown`, `restriction_lifted_already`, `approval_before_restriction`,
 * `approval_before_resume`, `signer_sealed`; IntentError of the intent and its signatures.
 */
export async function resetBreaker(
  parts: SignerParts,
  reset: SignerParameters<'resetBreaker'>,
): Promise<SignerAnswer<'resetBreaker'>> {
  await requireInStep(parts);
  const hash = intentHash(reset.intent);
  const { breaker, trippedBy } = reset.intent.body;
  const resetAtMs = await exclusively(parts.pool, async (tx) => {
    const known = await knownBreaker(tx, breaker);
    if (known?.tripped_by !== trippedBy) {
      throw new SignerError('restriction_unknown', 'No such breaker was ever tripped here.', {
        details: { breaker },
      });
    }
    if (known.intent_hash === hash) return Number(known.reset_at_ms);
    if (known.intent_hash !== null) {
      throw new SignerError('restriction_lifted_already', 'Another intent has reset it.', {
        details: { breaker },
      });
    }
    const signed = [reset.request.statement, ...reset.approvals.map(({ statement }) => statement)];
    if (signed.some(({ signedAt }) => Date.parse(signedAt) < Number(known.tripped_at_ms))) {
      throw new SignerError('approval_before_restriction', 'It was signed before the breaker tripped.');
    }
    await requireEntitledStaff(parts, tx, reset);
    const atMs = parts.clock.nowMs();
    await tx.query(
      'INSERT INTO signer.breaker_reset (breaker, intent_hash, document, reset_at_ms) VALUES ($1, $2, $3, $4)',
      [breaker, hash, canonicalJson(reset as unknown as JsonValue), atMs],
    );
    await note(parts, tx, { event: 'reset', breaker, intentHash: hash }, 'Signs again.', atMs);
    return atMs;
  });
  await tellWitness(parts);
  return { resetAt: isoTime(resetAtMs) };
}
