import type { Command } from 'commander';
import { STAFF_ROLES, type StaffRole } from '../../http/access-contract.ts';
import * as control from '../../control/staff-contract.ts';
import * as contract from '../../identity/identity-contract.ts';
import type { AnswerOf } from './api-client.ts';
import { keyOptions, keyShown, keyWish, type KeyOptions } from './api-keys.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';
import { typedSecret } from './secrets.ts';

interface PageOptions {
  readonly limit?: string;
  readonly after?: string;
}

interface StaffOptions {
  readonly email: string;
  readonly name: string;
  readonly newPasswordFile?: string;
}

async function addStaff({ api }: Connection, options: StaffOptions): Promise<Shown> {
  const { email, name: displayName } = options;
  const password = await typedSecret('their account', options.newPasswordFile, true);
  const added = await api.call(contract.registerStaff, { body: { email, displayName, password } });
  return one(added, ({ id }) => ({ staff: id, email, name: displayName, roles: 'none yet' }));
}

async function staffList({ api }: Connection, options: PageOptions): Promise<Shown> {
  const columns = ['staff', 'email', 'name', 'roles', 'standing'];
  return page(await api.call(control.listStaff, { query: pageOptions(options) }), columns, (it) => [
    ...[it.id, it.email, it.displayName, it.roles.join(', ')],
    it.sealed ? (it.suspended ? 'suspended' : 'active') : 'DAMAGED: not what was decided',
  ]);
}

interface RoleOptions {
  readonly role?: string[];
  readonly reason: string;
}

/** The contract refuses roles that there are not. */
function rolesOf({ role = [] }: RoleOptions): StaffRole[] {
  return role as StaffRole[];
}

async function askStaffChange({ api }: Connection, options: RoleOptions, staffId = ''): Promise<Shown> {
  const body = { roles: rolesOf(options), reason: options.reason };
  return one(
    await api.call(control.requestStaffChange, { params: { staffId }, body }),
    ({ intent, hash }) => ({
      intent: intent.id,
      hash,
    }),
  );
}

async function revoke({ api }: Connection, options: RoleOptions, staffId = ''): Promise<Shown> {
  const { reason } = options;
  const body = options.role === undefined ? { reason } : { reason, roles: rolesOf(options) };
  const left = await api.call(control.revokeStaff, { params: { staffId }, body });
  return one(left, ({ id, roles, suspended }) => ({
    staff: id,
    roles: roles.join(', '),
    suspended: String(suspended),
  }));
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

async function customers({ api }: Connection, options: PageOptions): Promise<Shown> {
  const columns = ['customer', 'email', 'name', 'since'];
  return page(await api.call(contract.listCustomers, { query: pageOptions(options) }), columns, (customer) =>
    Object.values(customerFacts(customer)),
  );
}

async function customer({ api }: Connection, _options: object, customerId = ''): Promise<Shown> {
  return one(await api.call(contract.getCustomer, { params: { customerId } }), customerFacts);
}

function registerColleagues(staff: Command): void {
  const roles = STAFF_ROLES.join(', ');
  lists(staff.command('list').description('who may do what'), staffList);
  changes(
    staff
      .command('add')
      .description('add an account; it has no role until others have approved one')
      .requiredOption('--email <address>')
      .requiredOption('--name <name>')
      .option('--new-password-file <file>', 'their first password, instead of asking'),
    addStaff,
  );
  changes(
    staff
      .command('ask-change <staff>')
      .description(
        'ask for one to get roles, or a suspended account back; sign the intent next (approvals sign), then others approve it',
      )
      .requiredOption('--role <role...>', `all that the account is to have: ${roles}`)
      .requiredOption('--reason <text>', 'why'),
    askStaffChange,
  );
  changes(
    staff
      .command('revoke <staff>')
      .description('take roles away at once; the whole account unless told which')
      .option('--role <role...>', roles)
      .requiredOption('--reason <text>', 'why'),
    revoke,
  );
}

/** What only staff does. */
export function registerStaffCommands(client: Command): void {
  const people = client.command('customers').description('for staff: customers');
  lists(people.command('list').description('in order of registration'), customers);
  acts(people.command('show <customer>').description('one customer'), customer);
  registerColleagues(client.command('staff').description('members of staff'));
  const integrators = client.command('integrators').description('for administrators: outside systems');
  changes(integrators.command('add <name>').description('add one'), addIntegrator);
  changes(
    keyOptions(integrators.command('key <integrator>').description('make a key for it')),
    integratorKey,
  );
}
