import type { Command } from 'commander';
import { z } from 'zod';
import { parseCustomerStatement } from '../../intents/index.ts';
import * as contract from '../../locks/lock-contract.ts';
import * as recoveries from '../../locks/lock-recovery-contract.ts';
import { SharedError } from '../../shared/index.ts';
import { readDocument, writeDocument } from '../../station/index.ts';
import type { AnswerOf } from './api-client.ts';
import { acts, changes } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';
import { signsQueuedIntent } from './sign-queued-intent.ts';

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
async function readLockDocument(file: string): Promise<z.infer<typeof documentSchema>> {
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

interface RecoverOptions {
  readonly method: string;
  readonly reference: string;
  readonly checkedAt: string;
}

async function recover({ api }: Connection, options: RecoverOptions, file = ''): Promise<Shown> {
  const { registration } = await readLockDocument(file);
  const body = { registration, identification: options };
  return one(await api.call(recoveries.requestLockRecovery, { body }), ({ intent, hash }) => ({
    intent: intent.id,
    hash,
    next: 'locks sign-recovery',
  }));
}

type Recovery = AnswerOf<typeof recoveries.cancelLockRecovery>;

async function waiting({ api }: Connection, { customer }: { readonly customer?: string }): Promise<Shown> {
  const query = customer === undefined ? {} : { customerId: customer };
  const columns = ['intent', 'customer', 'lost', 'new', 'state', 'ready', 'hash'];
  return page(await api.call(recoveries.listLockRecoveries, { query }), columns, (it: Recovery) => [
    it.intent,
    it.customer,
    it.lost,
    it.lock,
    it.state,
    it.readyAt,
    it.hash,
  ]);
}

async function object({ api }: Connection, _options: object, intentId = '', file = ''): Promise<Shown> {
  const body = parseCustomerStatement(await readDocument(file));
  const call = { params: { intentId }, body };
  return one(await api.call(recoveries.cancelLockRecovery, call), ({ intent, state, objected }) => ({
    intent,
    state,
    objection: objected ? 'on its way to the signer' : 'none',
  }));
}

function registerRecoveries(group: Command): void {
  changes(
    group
      .command('recover <document>')
      .description('for staff who recognised the customer: ask for a new lock in place of a lost one')
      .requiredOption('--method <text>', 'how the customer was recognised')
      .requiredOption('--reference <text>', 'where the record of it is kept')
      .requiredOption('--checked-at <time>', 'when: 2026-12-01T09:00:00Z'),
    recover,
  );
  signsQueuedIntent(group, 'sign-recovery');
  acts(
    group
      .command('recoveries')
      .description('ways back that officers approved: your own; for staff, those under way')
      .option('--customer <id>', 'for staff: of this customer'),
    waiting,
  );
  changes(
    group
      .command('object <intent> <statement>')
      .description('stop the way back to your lock: what `trilock master-lock sign-objection` wrote'),
    object,
  );
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
  registerRecoveries(group);
}
