import type { Command } from 'commander';
import * as contract from '../../policy/address-book-contract.ts';
import type { AnswerOf, CallOf } from './api-client.ts';
import { acts, changes } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, table, type Shown } from './output.ts';

function shown(book: AnswerOf<typeof contract.getAddressBook>): Shown {
  const rows = book.items.map((it) => [it.id, it.label, it.address, it.usableAt]);
  const opens = book.opensAt === null ? '' : `, until ${book.opensAt}`;
  const closed = book.onlyKnown ? [`Payments go only to these${opens}.`] : [];
  return {
    document: book,
    lines: [...table(['destination', 'label', 'address', 'known from'], rows), ...closed],
  };
}

async function list({ api }: Connection): Promise<Shown> {
  return shown(await api.call(contract.getAddressBook, {}));
}

async function add({ api }: Connection, { label }: { readonly label: string }, address = ''): Promise<Shown> {
  return one(await api.call(contract.addDestination, { body: { address, label } }), (it) => ({
    destination: it.id,
    label: it.label,
    address: it.address,
    'known from': it.usableAt,
  }));
}

async function remove({ api }: Connection, _options: object, destinationId = ''): Promise<Shown> {
  return shown(await api.call(contract.removeDestination, { params: { destinationId } }));
}

function restrict(payTo: CallOf<typeof contract.setAllowList>['body']['payTo']) {
  return async ({ api }: Connection): Promise<Shown> =>
    shown(await api.call(contract.setAllowList, { body: { payTo } }));
}

/** The destinations that a customer has named. */
export function registerAddressBook(client: Command): void {
  const group = client.command('address-book').description('the destinations that you have named');
  acts(group.command('list').description('all of them'), list);
  changes(
    group
      .command('add <address>')
      .description('name one; it counts as known when it has cooled off')
      .requiredOption('--label <text>', 'what you call it'),
    add,
  );
  changes(group.command('remove <destination>').description('take one out, at once'), remove);
  changes(
    group.command('close').description('let payments go only to these, at once'),
    restrict('address_book'),
  );
  changes(
    group.command('open').description('let payments go elsewhere again, after a while'),
    restrict('anywhere'),
  );
}
