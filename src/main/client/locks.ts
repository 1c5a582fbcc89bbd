import type { Command } from 'commander';
import { z } from 'zod';
import { parseCustomerStatement } from '../../intents/index.ts';
import * as contract from '../../locks/lock-contract.ts';
import { SharedError } from '../../shared/index.ts';
import { readDocument, writeDocument } from '../../station/index.ts';
import type { AnswerOf } from './api-client.ts';
import { acts, changes } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';

type Lock = AnswerOf<typeof contract.getMasterLock>;

const documentSchema = z.strictObject({
  registration: z.record(z.string(), z.unknown()),
  pin: z.record(z.string(), z.unknown()).nullable(),
});

function lockShown(lock: Lock): Shown {
  return one(
    lock,
    ({ id, customer, state, replaces, certificates, pinnedAt, endedAt, endReason, obstacle }) => ({
      lock: id,
      customer,
      state,
      replaces,
      'in force since': pinnedAt,
      certificates: certificates === null ? 'not yet' : 'issued',
      ended: endedAt,
      reason: endReason,
      obstacle,
    }),
  );
}

/** What `trilock master-lock register` wrote. @throws SharedError `config_invalid`. */
export async function readLockDocument(file: string): Promise<z.infer<typeof documentSchema>> {
  const parsed = documentSchema.safeParse(await readDocument(file));
  if (parsed.success) return parsed.data;
  throw new SharedError('config_invalid', `${file} is not what \`trilock master-lock register\` writes.`);
}

async function add({ api }: Connection, { label }: { readonly label: string }, file = ''): Promise<Shown> {
  const body = { label, ...(await readLockDocument(file)) };
  return lockShown(await api.call(contract.registerMasterLock, { body }));
}

async function list({ api }: Connection, { customer }: { readonly customer?: string }): Promise<Shown> {
  const columns = ['lock', 'customer', 'state', 'since', 'ended', 'reason'];
  const found =
    customer === undefined
      ? await api.call(contract.listMasterLocks, {})
      : await api.call(contract.listCustomerMasterLocks, { params: { customerId: customer } });
  return page(found, columns, (lock) => [
    lock.id,
    lock.customer,
    lock.state,
    lock.pinnedAt ?? lock.createdAt,
    lock.endedAt,
    lock.endReason,
  ]);
}

async function show({ api }: Connection, { out }: { readonly out?: string }, lockId = ''): Promise<Shown> {
  const lock = await api.call(contract.getMasterLock, { params: { lockId } });
  if (out !== undefined) await writeDocument(out, lock);
  return lockShown(lock);
}

async function revoke({ api }: Connection, _options: object, file = ''): Promise<Shown> {
  const body = parseCustomerStatement(await readDocument(file));
  const params = { lockId: body.statement.subject };
  return lockShown(await api.call(contract.revokeMasterLock, { params, body }));
}

/** Master locks. Their files stay with `trilock master-lock`. */
export function registerLocks(client: Command): void {
  const group = client
    .command('locks')
    .description('your master lock at the API; `trilock master-lock` makes the file and signs');
  changes(
    group
      .command('add <document>')
      .description('register it: what `trilock master-lock register` wrote')
      .requiredOption('--label <name>', 'a name for people'),
    add,
  );
  acts(
    group
      .command('list')
      .description('newest first, those that ended too')
      .option('--customer <id>', 'for staff: of this customer'),
    list,
  );
  acts(
    group
      .command('show <lock>')
      .description('one lock')
      .option('--out <file>', 'where the whole answer goes, for `trilock master-lock certify`'),
    show,
  );
  changes(
    group
      .command('revoke <statement>')
      .description('end it: what `trilock master-lock sign-revocation` wrote'),
    revoke,
  );
}
