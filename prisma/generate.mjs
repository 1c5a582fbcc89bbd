// Makes the database client (src/database/generated) when it is missing or older than the schema. Plain
// JavaScript, because it runs before anything else; npm runs no pre-scripts here. Needs no network: the schema
// engine that `prisma generate` would download is not used by it, so naming any existing file is enough.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const here = import.meta.dirname;
const schemaFolder = join(here, 'app', 'schema');
const stamp = join(here, '..', 'src', 'database', 'generated', '.made-from');

function prismaPackage() {
  const manifest = require.resolve('prisma/package.json');
  return { folder: dirname(manifest), version: JSON.parse(readFileSync(manifest, 'utf8')).version };
}

function fingerprint(version) {
  const hash = createHash('sha256').update(version);
  for (const name of readdirSync(schemaFolder).sort()) {
    if (name.endsWith('.prisma')) hash.update(`\0${name}\0`).update(readFileSync(join(schemaFolder, name)));
  }
  return hash.digest('hex');
}

function madeFrom() {
  try {
    return readFileSync(stamp, 'utf8');
  } catch {
    return '';
  }
}

/** Throws with Prisma's own words when the schema is wrong. */
export function ensureGenerated() {
  const { folder, version } = prismaPackage();
  const wanted = fingerprint(version);
  if (madeFrom() === wanted) return;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(folder, 'build', 'index.js'), 'generate', '--no-hints', '--config', join(here, 'prisma.config.ts')],
    {
      cwd: join(here, '..'),
      encoding: 'utf8',
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        CHECKPOINT_DISABLE: '1',
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
      },
    },
  );
  if (status !== 0) throw new Error(`prisma generate failed:\n${stdout}${stderr}`);
  writeFileSync(stamp, wanted);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensureGenerated();
