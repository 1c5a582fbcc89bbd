import type { z } from 'zod';
import type { Database, DatabaseTransaction, SealedStream } from '../database/index.ts';
import type { CustomerId } from '../shared/index.ts';
import { EventError } from './errors.ts';
import { eventSchema } from './event-contract.ts';

/** The order of all events, for the sealer. */
export const EVENT_STREAM: SealedStream = {
  name: 'events',
  entryTable: 'outbox_event',
  sealTable: 'outbox_seal',
  repeated: ['type', 'subject', 'customer'],
};

export type PublishedEvent = z.output<typeof eventSchema>;

function damaged(position: bigint, cause?: unknown): EventError {
  return new EventError('events_damaged', 'The stored events are damaged.', {
    details: { position: position.toString() },
    cause,
  });
}

/** One event as it is published. @throws EventError `events_damaged` when what is stored is none. */
export function publishedEvent(position: bigint, content: string): PublishedEvent {
  try {
    const stored = JSON.parse(content) as Record<string, unknown>;
    return eventSchema.parse({ ...stored, position: position.toString() });
  } catch (cause) {
    throw damaged(position, cause);
  }
}

/**
 * The next events after a position, at most `limit`, in their order. Positions have no gap and are given to
 * committed events only, so whoever goes on from the last one sees each event once and misses none.
 * @throws EventError `events_damaged` rather than skip one that somebody removed or changed.
 */
export async function readEvents(
  database: DatabaseTransaction,
  after: bigint,
  limit: number,
): Promise<readonly PublishedEvent[]> {
  const rows = await database.$queryRaw<{ position: bigint; content: string | null }[]>`
    SELECT s.position, e.content FROM app.outbox_seal s
    LEFT JOIN app.outbox_event e ON e.id = s.entry_id
    WHERE s.position > ${after} ORDER BY s.position LIMIT ${limit}`;
  return rows.map(({ position, content }, index) => {
    const expected = after + BigInt(index) + 1n;
    if (position !== expected || content === null) throw damaged(expected);
    return publishedEvent(position, content);
  });
}

/**
 * The next events that concern one customer. Positions are those of the whole order, so there are gaps.
 * @throws EventError `events_damaged`.
 */
export async function readEventsOf(
  database: Database,
  customer: CustomerId,
  after: bigint,
  limit: number,
): Promise<readonly PublishedEvent[]> {
  const rows = await database.$queryRaw<{ position: bigint; content: string }[]>`
    SELECT s.position, e.content FROM app.outbox_event e JOIN app.outbox_seal s ON s.entry_id = e.id
    WHERE e.customer = ${customer} AND s.position > ${after} ORDER BY s.position LIMIT ${limit}`;
  return rows.map(({ position, content }) => {
    const event = publishedEvent(position, content);
    // The sealed content decides who may see it, not the column beside it.
    if (event.customer !== customer) throw damaged(position);
    return event;
  });
}
