import type { Command } from 'commander';
import { STAFF_ROLES, type StaffRole } from '../../http/access-contract.ts';
import * as contract from '../../identity/identity-contract.ts';
import type { AnswerOf } from './api-client.ts';
import { keyOptions, keyShown, keyWish, type KeyOptions } from './api-keys.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';
import { typedSecret } from './secrets.ts';

interface StaffOptions {
  readonly email: string;
  readonly name: string;
  readonly role: string[];
  readonly newPasswordFile?: string;
}

async function addStaff({ api }: Connection, options: StaffOptions): Promise<Shown> {
  const { email, name: displayName } = options;
  // The contract refuses roles that there are not.
  const roles = options.role as StaffRole[];
  const password = await typedSecret('their account', options.newPasswordFile, true);
  const added = await api.call(contract.registerStaff, { body: { email, displayName, roles, password } });
  return one(added, ({ id }) => ({ staff: id, email, name: displayName, roles: roles.join(', ') }));
}

async function addIntegrator({ api }: Connection, _options: object, name = ''): Promise<Shown> {
  const added = await api.call(contract.registerIntegrator, { body: { name } });
  return one(added, ({ id }) => ({ integrator: id, name }));
}

async function integratorKey(connection: Connection, options: KeyOptions, integratorId = ''): Promise<Shown> {
  const body = await keyWish(connection, options);
  const call = { params: { integratorId }, body };
  return keyShown(await connection.api.call(contract.createIntegratorKey, call), options);
}

function customerFacts({ id, email, displayName, createdAt }: AnswerOf<typeof contract.getCustomer>) {
  return { customer: id, email, name: displayName, since: createdAt };
}

async function customers(
  { api }: Connection,
  options: { readonly limit?: string; readonly after?: string },
): Promise<Shown> {
  const columns = ['customer', 'email', 'name', 'since'];
  return page(await api.call(contract.listCustomers, { query: pageOptions(options) }), columns, (customer) =>
    Object.values(customerFacts(customer)),
  );
}

async function customer({ api }: Connection, _options: object, customerId = ''): Promise<Shown> {
  return one(await api.call(contract.getCustomer, { params: { customerId } }), customerFacts);
}

/** What only staff does. */
export function registerStaffCommands(client: Command): void {
  const people = client.command('customers').description('for staff: customers');
  lists(people.command('list').description('in order of registration'), customers);
  acts(people.command('show <customer>').description('one customer'), customer);
  changes(
    client
      .command('staff')
      .description('for administrators: members of staff')
      .command('add')
      .description('add one')
      .requiredOption('--email <address>')
      .requiredOption('--name <name>')
      .requiredOption('--role <role...>', STAFF_ROLES.join(', '))
      .option('--new-password-file <file>', 'their first password, instead of asking'),
    addStaff,
  );
  const integrators = client.command('integrators').description('for administrators: outside systems');
  changes(integrators.command('add <name>').description('add one'), addIntegrator);
  changes(
    keyOptions(integrators.command('key <integrator>').description('make a key for it')),
    integratorKey,
  );
}
