import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openDatabase } from '../../database/index.ts';
import { STAFF_ROLES, type StaffRole } from '../../http/access-contract.ts';
import { createKeyedHash } from '../../http/index.ts';
import { confirmStaff, createStaff, type StaffParts } from '../../identity/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { SharedError, systemClock } from '../../shared/index.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';

interface StaffOptions {
  readonly email: string;
  readonly name: string;
  readonly role?: string[];
}

function isStaffRole(role: string): role is StaffRole {
  return (STAFF_ROLES as readonly string[]).includes(role);
}

function rolesOf(given: readonly string[]): readonly StaffRole[] {
  const roles = given.filter(isStaffRole);
  if (roles.length === given.length) return roles;
  throw new SharedError('config_invalid', `--role must be one of ${STAFF_ROLES.join(', ')}.`);
}

async function withStaff(act: (parts: StaffParts) => Promise<string>): Promise<void> {
  const { DATABASE_URL: url, TRILOCK_WEBHOOK_SECRETS: secrets } = loadSettings('staff', process.env);
  const database = openDatabase(parsePostgresUrl(url));
  try {
    const parts = { database, clock: systemClock, seals: createKeyedHash(secrets) };
    process.stdout.write(`${await act(parts)}\n`);
  } finally {
    await database.$disconnect();
  }
}

/** @throws SharedError `config_invalid` when officers have signed a manifest: their people approve roles. */
function requireBeginning(): void {
  const { TRILOCK_MANIFEST_DIRECTORY: directory } = loadSettings('staff', process.env);
  if (directory === undefined || !existsSync(join(directory, 'manifest-1.json'))) return;
  throw new SharedError(
    'config_invalid',
    'There is a manifest: leave --role out, and ask for the roles with `trilock client staff ask-change`.',
  );
}

async function create({ email, name, role = [] }: StaffOptions): Promise<void> {
  const roles = rolesOf(role);
  if (roles.length > 0) requireBeginning();
  // Standard input, so that the password is in no list of processes and no shell history.
  const password = readFileSync(0, 'utf8').replace(/\r?\n$/, '');
  const staff = { email: email.toLowerCase(), displayName: name, roles, password };
  await withStaff((parts) => createStaff(parts, staff));
}

async function confirm({ email, role = [] }: Omit<StaffOptions, 'name'>): Promise<void> {
  const roles = rolesOf(role);
  await withStaff((parts) => confirmStaff(parts, email.toLowerCase(), roles));
}

/** `trilock staff …` */
export function registerStaff(trilock: Command): void {
  const staff = trilock
    .command('staff')
    .description('members of staff')
    .addHelpText('after', settingsHelp('staff'));
  staff
    .command('create')
    .description(
      'make a member of staff on this host, as an institution begins; later their roles are approved in the queue. ' +
        'Reads the password from standard input',
    )
    .requiredOption('--email <address>')
    .requiredOption('--name <name>')
    .option('--role <role...>', `before there is a manifest: ${STAFF_ROLES.join(', ')}`)
    .action(create);
  staff
    .command('confirm')
    .description(
      'seal the roles of one anew, when the secrets were exchanged; nothing happens if they differ',
    )
    .requiredOption('--email <address>')
    .requiredOption('--role <role...>', 'all that the account has')
    .action(confirm);
}
