import type { Command } from 'commander';
import * as contract from '../../transfers/transfer-contract.ts';
import type { AnswerOf } from './api-client.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';

function transferFacts(transfer: AnswerOf<typeof contract.getTransfer>) {
  const { id, direction, counterparty, amountSats, memo, completedAt } = transfer;
  return {
    transfer: id,
    [direction === 'sent' ? 'paid to' : 'paid by']: counterparty,
    satoshis: amountSats,
    memo,
    committed: completedAt,
  };
}

async function send(
  { api }: Connection,
  { to, amount, memo }: { readonly to: string; readonly amount: string; readonly memo?: string },
): Promise<Shown> {
  const body = { recipient: to, amountSats: amount, ...(memo === undefined ? {} : { memo }) };
  return one(await api.call(contract.createTransfer, { body }), transferFacts);
}

async function list(
  { api }: Connection,
  options: { readonly limit?: string; readonly after?: string },
): Promise<Shown> {
  const columns = ['transfer', 'direction', 'satoshis', 'counterparty', 'memo', 'committed'];
  return page(
    await api.call(contract.listTransfers, { query: pageOptions(options) }),
    columns,
    (transfer) => [
      transfer.id,
      transfer.direction,
      transfer.amountSats,
      transfer.counterparty,
      transfer.memo,
      transfer.completedAt,
    ],
  );
}

async function show({ api }: Connection, _options: object, transferId = ''): Promise<Shown> {
  return one(await api.call(contract.getTransfer, { params: { transferId } }), transferFacts);
}

/** Instant payments within the ledger. */
export function registerTransfers(client: Command): void {
  const group = client.command('transfers').description('instant payments between customers');
  changes(
    group
      .command('send')
      .description('pay another customer at once, out of your spending balance')
      .requiredOption('--to <customer>', 'whose id they gave you, cus_…')
      .requiredOption('--amount <satoshis>')
      .option('--memo <text>', 'shown to both sides'),
    send,
  );
  lists(group.command('list').description('newest first'), list);
  acts(group.command('show <transfer>').description('one transfer'), show);
}
