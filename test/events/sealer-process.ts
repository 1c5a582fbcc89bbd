// A sealer in a process of its own, to be killed: seals the events of the database in DATABASE until it dies.
import { openDatabase, runSealer } from '../../src/database/index.ts';
import { EVENT_STREAM } from '../../src/events/index.ts';
import { parsePostgresUrl } from '../../src/postgres/index.ts';

const database = openDatabase(parsePostgresUrl(process.env['DATABASE'] ?? ''));
process.stdout.write('sealing\n');
await runSealer(database, [EVENT_STREAM], {
  signal: new AbortController().signal,
  idleMs: 1,
  onFailure: (_stream, error) => process.stderr.write(`${String(error)}\n`),
});
