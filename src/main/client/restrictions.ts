import type { Command } from 'commander';
import * as closing from '../../freeze/closing-contract.ts';
import { getFreezeStatus } from '../../freeze/freeze-status-contract.ts';
import { getRestrictionHistory } from '../../freeze/history-contract.ts';
import * as contract from '../../freeze/restriction-contract.ts';
import { parseCustomerStatement } from '../../intents/index.ts';
import { readDocument, writeDocument } from '../../station/index.ts';
import type { AnswerOf, CallOf } from './api-client.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';
import { signsQueuedIntent } from './sign-queued-intent.ts';

function facts(restriction: AnswerOf<typeof contract.getRestriction>) {
  const { id, customer, kind, state, text, openedAt, forStaff } = restriction;
  return {
    restriction: id,
    customer,
    kind,
    state,
    text,
    since: openedAt,
    reason: forStaff?.reasonCode,
    'for staff': forStaff?.restrictedText,
    'opened by': forStaff?.openedBy,
    review: forStaff?.reviewAt,
  };
}

interface ListOptions {
  readonly customer?: string;
  readonly limit?: string;
  readonly after?: string;
}

async function list({ api }: Connection, options: ListOptions): Promise<Shown> {
  const { customer } = options;
  const query = { ...pageOptions(options), ...(customer === undefined ? {} : { customerId: customer }) };
  const columns = ['restriction', 'customer', 'kind', 'state', 'since'];
  return page(await api.call(contract.listRestrictions, { query }), columns, (it) => [
    it.id,
    it.customer,
    it.kind,
    it.state,
    it.openedAt,
  ]);
}

async function show({ api }: Connection, _options: object, restrictionId = ''): Promise<Shown> {
  return one(await api.call(contract.getRestriction, { params: { restrictionId } }), facts);
}

async function lock({ api }: Connection, options: { readonly function?: string }): Promise<Shown> {
  if (options.function === undefined) return one(await api.call(contract.lockAccount, {}), facts);
  // The contract refuses a function that there is not.
  const locked = options.function as CallOf<typeof contract.lockFunction>['body']['function'];
  return one(await api.call(contract.lockFunction, { body: { function: locked } }), facts);
}

interface CaseOptions {
  readonly reasonCode: string;
  readonly text: string;
  readonly restrictedText: string;
  readonly reviewAt: string;
}

async function open({ api }: Connection, options: CaseOptions, customer = ''): Promise<Shown> {
  const { text, restrictedText, reviewAt } = options;
  // The contract refuses a reason that there is not.
  const reasonCode = options.reasonCode as CallOf<typeof contract.openCase>['body']['reasonCode'];
  const body = { customer, reasonCode, text, restrictedText, reviewAt };
  return one(await api.call(contract.openCase, { body }), facts);
}

type CloseOptions = Omit<CaseOptions, 'reviewAt'>;

async function closeOwn({ api }: Connection): Promise<Shown> {
  return one(await api.call(closing.closeOwnAccount, {}), facts);
}

async function close({ api }: Connection, options: CloseOptions, customer = ''): Promise<Shown> {
  const { text, restrictedText } = options;
  // The contract refuses a reason that there is not.
  const reasonCode = options.reasonCode as CallOf<typeof closing.closeAccount>['body']['reasonCode'];
  const body = { customer, reasonCode, text, restrictedText };
  return one(await api.call(closing.closeAccount, { body }), facts);
}

async function ask(
  { api }: Connection,
  { reason }: { readonly reason: string },
  restrictionId = '',
): Promise<Shown> {
  const call = { params: { restrictionId }, body: { reason } };
  return one(await api.call(contract.requestRelease, call), ({ intent, hash }) => ({
    intent: intent.id,
    hash,
  }));
}

async function unlock({ api }: Connection, _options: object, file = ''): Promise<Shown> {
  const body = parseCustomerStatement(await readDocument(file));
  const params = { restrictionId: body.statement.subject };
  return one(await api.call(contract.unlockRestriction, { params, body }), facts);
}

async function history({ api }: Connection, _options: object, restrictionId = ''): Promise<Shown> {
  const found = await api.call(getRestrictionHistory, { params: { restrictionId } });
  return page(found, ['when', 'who', 'what', 'why'], ({ at, actor, action, reason }) => [
    at,
    actor,
    action,
    reason,
  ]);
}

async function status({ api }: Connection, { out }: { readonly out?: string }): Promise<Shown> {
  const found = await api.call(getFreezeStatus, {});
  if (out !== undefined) await writeDocument(out, found);
  return one(found, ({ statement: { number, issuedAt, breaker, restricted } }) => ({
    number,
    issued: issuedAt,
    breaker: breaker ?? 'none',
    frozen: restricted.join(' '),
  }));
}

/** What freezes an account, and what lifts that. */
export function registerRestrictions(client: Command): void {
  const group = client.command('restrictions').description('what freezes an account');
  lists(
    group
      .command('list')
      .description('newest first, lifted ones too')
      .option('--customer <id>', 'for staff: only those of this customer'),
    list,
  );
  acts(group.command('show <restriction>').description('one restriction'), show);
  acts(
    group.command('history <restriction>').description('for staff: who did what to it, when and why'),
    history,
  );
  acts(
    group
      .command('status')
      .description('for staff: what the signer refuses at the moment, signed by it, for stations')
      .option('--out <file>', 'write it, to be carried to a station'),
    status,
  );
  changes(
    group
      .command('lock')
      .description('lock your own account; the file of your master lock unlocks it, or staff')
      .option('--function <name>', 'only one function: withdraw, transfer, new_address, api or settings'),
    lock,
  );
  changes(
    group.command('close-own').description('close your own account for good; it must be empty'),
    closeOwn,
  );
  changes(
    group
      .command('close <customer>')
      .description('for staff: close an empty account for good, while a case of somebody else is in force')
      .requiredOption('--reason-code <code>', 'account_takeover, legal_order, sanctions_match, …')
      .requiredOption('--text <text>', 'what the customer may read')
      .requiredOption('--restricted-text <text>', 'for staff alone'),
    close,
  );
  changes(
    group
      .command('open-case <customer>')
      .description('for staff: freeze a customer')
      .requiredOption('--reason-code <code>', 'account_takeover, legal_order, sanctions_match, …')
      .requiredOption('--text <text>', 'what the customer may read')
      .requiredOption('--restricted-text <text>', 'for staff alone')
      .requiredOption('--review-at <time>', 'when somebody looks at it again, 2026-12-01T09:00:00Z'),
    open,
  );
  changes(
    group
      .command('ask-release <restriction>')
      .description('for staff: ask for it to be lifted; sign the intent next, then others approve it')
      .requiredOption('--reason <text>', 'why'),
    ask,
  );
  signsQueuedIntent(group, 'sign-release');
  changes(
    group
      .command('unlock <statement>')
      .description('lift a lock of your own: what `trilock master-lock sign-unlock` wrote'),
    unlock,
  );
}
