// A process that starts a server as the sandbox does, says how that went in one line of JSON, and stays until it
// is killed. Run by the tests that kill it.
import {
  PostgresError,
  startEmbeddedServer,
  type EmbeddedServerOptions,
} from '../../../src/postgres/index.ts';

try {
  const server = await startEmbeddedServer(JSON.parse(process.argv[2] ?? '{}') as EmbeddedServerOptions);
  const { config, pid, adopted } = server;
  process.stdout.write(`${JSON.stringify({ config, pid, adopted })}\n`);
  setInterval(() => undefined, 60_000);
} catch (error) {
  if (!(error instanceof PostgresError)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message })}\n`);
}
