import type { Database } from '../database/index.ts';
import { handle, type BoundOperation } from '../http/index.ts';
import { parseId } from '../shared/index.ts';
import { listEvents } from './event-contract.ts';
import { readEvents, readEventsOf } from './event-stream.ts';

const DEFAULT_LIMIT = 100;

export function eventRoutes(database: Database): readonly BoundOperation[] {
  return [
    handle(listEvents, async ({ query, principal }) => {
      const after = query.after ?? '0';
      const limit = query.limit ?? DEFAULT_LIMIT;
      const events =
        principal.kind === 'customer'
          ? await readEventsOf(database, parseId('customer', principal.id), BigInt(after), limit)
          : await readEvents(database, BigInt(after), limit);
      return { status: 200, body: { events: [...events], next: events.at(-1)?.position ?? after } };
    }),
  ];
}
