import type { Command } from 'commander';
import * as contract from '../../legal/legal-contract.ts';
import { changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';

interface ImposeOptions {
  readonly vault?: string;
  readonly satoshis: string;
  readonly reference: string;
  readonly authority: string;
  readonly reason: string;
}

async function impose({ api }: Connection, options: ImposeOptions, customer = ''): Promise<Shown> {
  const { vault, satoshis, reference, authority, reason } = options;
  const order = { customer, satoshis, reference, authority, reason };
  const body = vault === undefined ? order : { ...order, vault };
  return one(await api.call(contract.imposeLegalHold, { body }), ({ id, state }) => ({ hold: id, state }));
}

interface ListOptions {
  readonly customer?: string;
  readonly limit?: string;
  readonly after?: string;
}

async function list({ api }: Connection, options: ListOptions): Promise<Shown> {
  const { customer } = options;
  const query = { ...pageOptions(options), ...(customer === undefined ? {} : { customerId: customer }) };
  const columns = ['hold', 'customer', 'satoshis', 'held', 'reference', 'state'];
  return page(await api.call(contract.listLegalHolds, { query }), columns, (it) => [
    ...[it.id, it.customer, it.satoshis, it.heldSatoshis, it.reference, it.state],
  ]);
}

async function askLift(
  { api }: Connection,
  { reason }: { readonly reason: string },
  legalHoldId = '',
): Promise<Shown> {
  const call = { params: { legalHoldId }, body: { reason } };
  return one(await api.call(contract.requestLegalHoldLift, call), ({ intent, hash }) => ({
    intent: intent.id,
    hash,
  }));
}

/** Legal orders that hold a part of a balance. */
export function registerLegalHolds(client: Command): void {
  const group = client
    .command('legal-holds')
    .description('for staff: legal orders that hold a part of a balance');
  changes(
    group
      .command('impose <customer>')
      .description('enter an order; the ledger holds what there is, and the rest as it comes in')
      .option('--vault <wallet>', 'which vault; the spending balance unless told')
      .requiredOption('--satoshis <amount>', 'how much the order names')
      .requiredOption('--reference <text>', 'how the authority names its order')
      .requiredOption('--authority <text>', 'who gave it')
      .requiredOption('--reason <text>', 'for staff alone'),
    impose,
  );
  lists(
    group
      .command('list')
      .description('newest first, lifted ones too')
      .option('--customer <id>', 'only those of this customer'),
    list,
  );
  changes(
    group
      .command('ask-lift <hold>')
      .description(
        'ask for one to be lifted; sign the intent next (restrictions sign-release), then others approve it',
      )
      .requiredOption('--reason <text>', 'why'),
    askLift,
  );
}
