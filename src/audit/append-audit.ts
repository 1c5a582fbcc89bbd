import { MAX_CONTENT_BYTES, type DatabaseTransaction } from '../database/index.ts';
import { canonicalJson, idToUuid, isoTime, newId, systemClock, type Clock } from '../shared/index.ts';
import { actorText, type AuditEntry, type AuditEntryId } from './audit-entry.ts';
import { AuditError } from './errors.ts';
import { withoutSecrets } from './without-secrets.ts';

const ACTION = /^[a-z][a-z_]*(\.[a-z][a-z_]*)+$/;
const NAME = /^[A-Za-z0-9_:.-]{1,120}$/;
const MAX_REASON_LENGTH = 2_000;

function check(condition: boolean, reason: string): void {
  if (!condition) {
    throw new AuditError('audit_entry_invalid', `This cannot be recorded: ${reason}.`, {
      details: { reason },
    });
  }
}

/**
 * Appends an entry within the caller's transaction, so that nothing is done without being recorded, and
 * nothing recorded that was not done. It is sealed into the chain soon after the commit; appending waits for
 * nobody. @throws AuditError, SharedError `json_not_canonical`.
 */
export async function appendAudit(
  tx: DatabaseTransaction,
  entry: AuditEntry,
  clock: Clock = systemClock,
): Promise<AuditEntryId> {
  const actor = actorText(entry.actor);
  check(ACTION.test(entry.action), 'the action is not of the form context.verb');
  check(NAME.test(entry.entity), 'the entity is not an id or a name');
  check(NAME.test(actor), 'the actor is not an id or a name');
  check((entry.reason ?? '').length <= MAX_REASON_LENGTH, 'the reason is too long');
  const id = newId('audit');
  const occurredAt = isoTime(clock.nowMs());
  const content = canonicalJson({
    id,
    occurredAt,
    actor,
    strength: entry.strength,
    action: entry.action,
    entity: entry.entity,
    requestId: entry.requestId ?? null,
    before: withoutSecrets(entry.before ?? null),
    after: withoutSecrets(entry.after ?? null),
    reason: withoutSecrets(entry.reason ?? null),
  });
  if (Buffer.byteLength(content) > MAX_CONTENT_BYTES) {
    throw new AuditError('audit_entry_too_large', 'This is too large to be recorded.', {
      details: { maxBytes: MAX_CONTENT_BYTES },
    });
  }
  const { action, entity } = entry;
  await tx.auditEntry.create({ data: { id: idToUuid(id), occurredAt, actor, action, entity, content } });
  return id;
}
