import type { Command } from 'commander';
import { listEvents } from '../../events/event-contract.ts';
import { acts } from './client-command.ts';
import type { Connection } from './connect.ts';
import { table, type Shown } from './output.ts';

async function events(
  { api }: Connection,
  { after, limit }: { readonly after?: string; readonly limit?: string },
): Promise<Shown> {
  const query = { ...(after === undefined ? {} : { after }), ...(limit === undefined ? {} : { limit }) };
  const document = await api.call(listEvents, { query });
  const rows = document.events.map(({ position, occurredAt, type, subject, data }) => [
    position,
    occurredAt,
    type,
    subject,
    JSON.stringify(data),
  ]);
  const lines = table(['position', 'when', 'type', 'about', 'data'], rows);
  return { document, lines: [...lines, '', `Go on with: --after ${document.next}`] };
}

/** The order of events. */
export function registerEvents(client: Command): void {
  acts(
    client
      .command('events')
      .description('what happened, in one order that never changes')
      .option('--after <position>', 'only what came later')
      .option('--limit <number>', '1 to 500; 100 unless told'),
    events,
  );
}
