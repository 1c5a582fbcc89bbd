import { appendAudit, type AuditEntry } from '../audit/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { Clock } from '../shared/index.ts';
import { appendEvent } from './append-event.ts';

/** Something that honest people and programs do not cause, refused. */
export interface NewAlert {
  /** Id of what it is about: `wd_…`, `int_…`. */
  readonly subject: string;
  /** Why it was refused, by its code. */
  readonly code: string;
  /** What was being done, as `<context>.<verb>`. */
  readonly during: string;
  /** For people. */
  readonly text: string;
}

const MAX_TEXT_LENGTH = 500;

/**
 * Tells operators, by event and webhook, and the audit log. Nobody but the institution hears of it, since the
 * customer in question may be the one who tried.
 * @throws EventError, AuditError.
 */
export async function raiseAlert(
  tx: DatabaseTransaction,
  { subject, code, during, text }: NewAlert,
  by: Pick<AuditEntry, 'actor' | 'strength' | 'requestId'>,
  clock: Clock,
): Promise<void> {
  const reason = text.slice(0, MAX_TEXT_LENGTH);
  const { actor, strength, requestId } = by;
  const request = requestId === undefined ? {} : { requestId };
  const entry = { actor, strength, ...request, action: 'alert.raise', entity: subject };
  await appendAudit(tx, { ...entry, after: { code, during }, reason }, clock);
  const data = { code, during, text: reason };
  await appendEvent(tx, { type: 'alert.raised', subject, customer: null, data }, clock);
}
