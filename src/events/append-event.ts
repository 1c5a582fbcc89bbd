import { MAX_CONTENT_BYTES, type DatabaseTransaction } from '../database/index.ts';
import {
  canonicalJson,
  idToUuid,
  isoTime,
  newId,
  systemClock,
  type Clock,
  type Id,
  type JsonValue,
} from '../shared/index.ts';
import { EventError } from './errors.ts';
import type { EventType } from './event-contract.ts';

/** A fact for the world outside. */
export interface NewEvent {
  readonly type: EventType;
  /** Id of what it is about: `wd_…`, `dep_…`. */
  readonly subject: string;
  /** What changed, without secrets; amounts as decimal strings. */
  readonly data: Readonly<Record<string, JsonValue>>;
}

const SUBJECT = /^[a-z]{2,4}_[0-9a-z]{26}$/;

/**
 * Appends an event within the caller's transaction: it is published if, and only if, that commits. Appending
 * waits for nobody; the sealer gives the event its place in the order soon after the commit.
 * @throws EventError, SharedError `json_not_canonical`.
 */
export async function appendEvent(
  tx: DatabaseTransaction,
  event: NewEvent,
  clock: Clock = systemClock,
): Promise<Id<'event'>> {
  const { type, subject, data } = event;
  if (!SUBJECT.test(subject)) throw new EventError('event_invalid', 'The subject of an event is an id.');
  const id = newId('event');
  const occurredAt = isoTime(clock.nowMs());
  const content = canonicalJson({ id, type, subject, occurredAt, data });
  if (Buffer.byteLength(content) > MAX_CONTENT_BYTES) {
    throw new EventError('event_too_large', 'This event is too large.', {
      details: { maxBytes: MAX_CONTENT_BYTES },
    });
  }
  await tx.outboxEvent.create({ data: { id: idToUuid(id), occurredAt, type, subject, content } });
  return id;
}
