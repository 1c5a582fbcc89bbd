import type { Command } from 'commander';
import {
  bootstrapDatabase,
  DATABASE_SCHEMAS,
  deployMigrations,
  migrationStatus,
  parsePostgresUrl,
  type DatabaseSchema,
  type PostgresConfig,
} from '../../postgres/index.ts';
import { SharedError } from '../../shared/index.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';

interface Target {
  readonly admin: PostgresConfig;
  readonly schemas: readonly DatabaseSchema[];
}

function isSchema(name: string): name is DatabaseSchema {
  return (DATABASE_SCHEMAS as readonly string[]).includes(name);
}

function target(): Target {
  const settings = loadSettings('migrate', process.env);
  const names = settings.TRILOCK_SCHEMAS.split(',');
  const schemas = names.filter(isSchema);
  if (schemas.length !== names.length) {
    throw new SharedError(
      'config_invalid',
      `TRILOCK_SCHEMAS must name some of ${DATABASE_SCHEMAS.join(', ')}`,
    );
  }
  return { admin: parsePostgresUrl(settings.TRILOCK_ADMIN_DATABASE_URL), schemas };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function showStatus(): Promise<void> {
  const { admin, schemas } = target();
  for (const schema of schemas) {
    const { state, pending, unknown, edited, unfinished } = await migrationStatus(admin, schema);
    say(`${schema}: ${state}`);
    for (const name of pending) say(`  to apply: ${name}`);
    for (const name of unknown) say(`  unknown to this version: ${name}`);
    for (const name of edited) say(`  differs from what was applied: ${name}`);
    for (const name of unfinished) say(`  begun and not finished: ${name}`);
    if (state !== 'current') process.exitCode = 1;
  }
}

async function deploy(): Promise<void> {
  const { admin, schemas } = target();
  for (const schema of schemas) {
    const { applied } = await deployMigrations(admin, schema);
    say(`${schema}: ${applied.length === 0 ? 'nothing to apply' : `applied ${applied.join(', ')}`}`);
  }
}

async function bootstrap(): Promise<void> {
  const { admin, schemas } = target();
  await bootstrapDatabase(admin, { schemas });
  say(`roles and schemas are there: ${schemas.join(', ')}`);
}

/** `trilock migrate …` */
export function registerMigrate(trilock: Command): void {
  const migrate = trilock
    .command('migrate')
    .description('prepare and migrate the databases')
    .addHelpText('after', settingsHelp('migrate'));
  migrate.command('bootstrap').description('create roles and schemas; may be repeated').action(bootstrap);
  migrate
    .command('status')
    .description('compare the databases with this version; status 1 unless current')
    .action(showStatus);
  migrate
    .command('deploy')
    .description('apply what is missing; safe to run at the same time from anywhere')
    .action(deploy);
}
