import type { Database } from '../database/index.ts';
import { handle, type BoundOperation } from '../http/index.ts';
import { listEvents } from './event-contract.ts';
import { readEvents } from './event-stream.ts';

const DEFAULT_LIMIT = 100;

export function eventRoutes(database: Database): readonly BoundOperation[] {
  return [
    handle(listEvents, async ({ query }) => {
      const after = query.after ?? '0';
      const events = await readEvents(database, BigInt(after), query.limit ?? DEFAULT_LIMIT);
      return { status: 200, body: { events: [...events], next: events.at(-1)?.position ?? after } };
    }),
  ];
}
