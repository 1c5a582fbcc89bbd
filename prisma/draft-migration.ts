// npm run migrate:draft -- <name>: writes the next migration of `app` from what prisma/app/schema says and the
// migrations do not make yet. Read it and add what Prisma cannot say: CHECK constraints, triggers, and the
// UPDATE and DELETE that the login role needs (new tables are append-only for it).
import { mkdir, mkdtemp, chmod, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { schemaDifference, startEmbeddedServer } from '../src/postgres/index.ts';

async function difference(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trilock-draft-'));
  await chmod(folder, 0o711);
  try {
    const server = await startEmbeddedServer({ directory: join(folder, 'postgres'), durable: false });
    try {
      return await schemaDifference(server.config);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function draft(name: string): Promise<string> {
  const script = await difference();
  if (script === '') return 'Schema and migrations agree; nothing was written.';
  const timestamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = join(import.meta.dirname, 'app', 'migrations', `${timestamp}_${name}`);
  await mkdir(folder);
  await writeFile(join(folder, 'migration.sql'), script);
  return `Wrote ${join(folder, 'migration.sql')}`;
}

const name = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9_]*$/.test(name)) {
  process.stderr.write('usage: npm run migrate:draft -- <name in lower_case>\n');
  process.exitCode = 64;
} else {
  process.stdout.write(`${await draft(name)}\n`);
}
