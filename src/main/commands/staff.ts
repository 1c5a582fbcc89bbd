import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { openDatabase } from '../../database/index.ts';
import { STAFF_ROLES, type StaffRole } from '../../http/access-contract.ts';
import { createStaff } from '../../identity/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { SharedError, systemClock } from '../../shared/index.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';

interface StaffOptions {
  readonly email: string;
  readonly name: string;
  readonly role: string[];
}

function isStaffRole(role: string): role is StaffRole {
  return (STAFF_ROLES as readonly string[]).includes(role);
}

async function create({ email, name, role }: StaffOptions): Promise<void> {
  const roles = role.filter(isStaffRole);
  if (roles.length !== role.length) {
    throw new SharedError('config_invalid', `--role must be one of ${STAFF_ROLES.join(', ')}.`);
  }
  // Standard input, so that the password is in no list of processes and no shell history.
  const password = readFileSync(0, 'utf8').replace(/\r?\n$/, '');
  const { DATABASE_URL: url } = loadSettings('staff', process.env);
  const database = openDatabase(parsePostgresUrl(url));
  try {
    const staff = { email: email.toLowerCase(), displayName: name, roles, password };
    process.stdout.write(`${await createStaff(database, systemClock, staff)}\n`);
  } finally {
    await database.$disconnect();
  }
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
      'make a member of staff, the first administrator for one; reads the password from standard input',
    )
    .requiredOption('--email <address>')
    .requiredOption('--name <name>')
    .requiredOption('--role <role...>', STAFF_ROLES.join(', '))
    .action(create);
}
