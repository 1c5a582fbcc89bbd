import { MAX_CONTENT_BYTES, type DatabaseTransaction } from '../database/index.ts';
import {
  canonicalJson,
  idToUuid,
  isoTime,
  newId,
  systemClock,
  type Clock,
  type CustomerId,
  type Id,
  type JsonValue,
} from '../shared/index.ts';
import { EventError } from './errors.ts';
import type { EventType } from './event-contract.ts';
import { EVENT_DATA } from './event-data-contract.ts';

/** A fact for the world outside. */
export interface NewEvent {
  readonly type: EventType;
  /** Id of what it is about: `wd_…`, `dep_…`. */
  readonly subject: string;
  /**
   * Whom it concerns: this customer reads it and gets it by webhook. Null when it is the institution's own
   * business, or must not be told to the customer. What concerns two customers is two events.
   */
  readonly customer: CustomerId | null;
  /** What changed, without secrets; amounts as decimal strings. */
  readonly data: Readonly<Record<string, JsonValue>>;
}

const SUBJECT = /^([a-z]{2,4}_[0-9a-z]{26}|chain|policy|audit)$/;

/** @throws EventError `event_invalid` for an unknown type, and for data that receivers were not told of. */
function checkData(type: EventType, data: NewEvent['data']): void {
  const shape = Object.hasOwn(EVENT_DATA, type) ? EVENT_DATA[type] : undefined;
  const refused = shape?.safeParse(data).error;
  if (shape !== undefined && refused === undefined) return;
  const members = refused?.issues.map(({ path, code }) => `${path.join('.')} ${code}`) ?? [];
  throw new EventError('event_invalid', 'The data of an event do not fit its type.', {
    details: { type },
    internal: `${type}: ${members.join(', ')}`,
  });
}

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
  const { type, subject, customer, data } = event;
  if (!SUBJECT.test(subject))
    throw new EventError(
      'event_invalid',
      'The subject of an event is an id, the chain, the policy or the audit log.',
    );
  checkData(type, data);
  const id = newId('event');
  const occurredAt = isoTime(clock.nowMs());
  const content = canonicalJson({ id, type, subject, customer, occurredAt, data });
  if (Buffer.byteLength(content) > MAX_CONTENT_BYTES) {
    throw new EventError('event_too_large', 'This event is too large.', {
      details: { maxBytes: MAX_CONTENT_BYTES },
    });
  }
  const row = { id: idToUuid(id), occurredAt, type, subject, customer, content };
  await tx.outboxEvent.create({ data: row });
  return id;
}
