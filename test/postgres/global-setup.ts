// One PostgreSQL server per test run, started when the first test asks for it: test processes ask through a
// socket. With TEST_DATABASE_URL (a superuser) that server is used and left running.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { describeError } from '../../src/shared/index.ts';
import { parsePostgresUrl, startEmbeddedServer, type EmbeddedServer } from '../../src/postgres/index.ts';
import { ensureTemplate, type TestServer } from './template.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresTestSocket: string;
  }
}

const FOLDER = /^trilock-test-([0-9]+)-/;

/** Runs that were killed leave a server and a folder behind; a run removes those whose process has gone. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = FOLDER.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = join(tmpdir(), name);
    const data = await readdir(join(folder, 'postgres')).catch((): string[] => []);
    try {
      if (data.includes('password'))
        await (await startEmbeddedServer({ directory: join(folder, 'postgres') })).stop();
      await rm(folder, { recursive: true, force: true });
    } catch {
      // Somebody else's folder, or another run that removes it right now.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // `npx vitest` on one file must not find an old database client.
  execFileSync(process.execPath, [join(import.meta.dirname, '..', '..', 'prisma', 'generate.mjs')]);
  const folder = await mkdtemp(join(tmpdir(), `trilock-test-${process.pid}-`));
  // The server's user must be able to pass, when we are root.
  await chmod(folder, 0o711);
  let embedded: EmbeddedServer | undefined;
  let starting: Promise<TestServer> | undefined;

  const start = async (): Promise<TestServer> => {
    const url = process.env['TEST_DATABASE_URL'];
    if (url !== undefined) return ensureTemplate(parsePostgresUrl(url));
    await removeLeftovers();
    embedded = await startEmbeddedServer({ directory: join(folder, 'postgres'), durable: false });
    return ensureTemplate(embedded.config);
  };

  const socket = createServer((connection) => {
    starting ??= start();
    starting.then(
      (server) => connection.end(JSON.stringify({ server })),
      (error: unknown) => connection.end(JSON.stringify({ failure: describeError(error) })),
    );
  });
  socket.listen(join(folder, 'socket'));
  await once(socket, 'listening');
  project.provide('postgresTestSocket', join(folder, 'socket'));

  return async () => {
    socket.close();
    await starting?.catch(() => undefined);
    await embedded?.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
