import type { Command } from 'commander';
import * as contract from '../../deposits/deposit-contract.ts';
import type { AnswerOf } from './api-client.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';

type State = 'detected' | 'confirming' | 'credited' | 'quarantined' | 'dropped' | 'reversed';

interface ListOptions {
  readonly wallet?: string;
  readonly customer?: string;
  readonly state?: string;
  readonly limit?: string;
  readonly after?: string;
}

async function list({ api }: Connection, options: ListOptions): Promise<Shown> {
  const { wallet, customer, state } = options;
  const query = {
    ...pageOptions(options),
    ...(wallet === undefined ? {} : { walletId: wallet }),
    ...(customer === undefined ? {} : { customerId: customer }),
    // The contract refuses a state that there is not.
    ...(state === undefined ? {} : { state: state as State }),
  };
  const columns = ['deposit', 'state', 'satoshis', 'credits', 'confirmations', 'detected'];
  return page(await api.call(contract.listDeposits, { query }), columns, (deposit) => [
    deposit.id,
    deposit.state,
    deposit.amountSats,
    deposit.balance,
    `${deposit.confirmations} of ${deposit.confirmationsNeeded ?? '?'}`,
    deposit.detectedAt,
  ]);
}

function depositFacts(deposit: AnswerOf<typeof contract.getDeposit>) {
  return {
    deposit: deposit.id,
    state: deposit.state,
    satoshis: deposit.amountSats,
    credits: `${deposit.balance} balance`,
    address: deposit.address,
    outpoint: `${deposit.txid}:${deposit.vout}`,
    block: deposit.block === null ? null : `${deposit.block.height} ${deposit.block.hash}`,
    confirmations: `${deposit.confirmations} of ${deposit.confirmationsNeeded ?? '?'}`,
    quarantine: deposit.quarantine,
    credited: deposit.creditedAt,
  };
}

async function show({ api }: Connection, _options: object, depositId = ''): Promise<Shown> {
  return one(await api.call(contract.getDeposit, { params: { depositId } }), depositFacts);
}

async function quarantine(
  { api }: Connection,
  { reason }: { readonly reason: string },
  depositId = '',
): Promise<Shown> {
  const call = { params: { depositId }, body: { reason } };
  return one(await api.call(contract.quarantineDeposit, call), depositFacts);
}

function releaseShown(release: AnswerOf<typeof contract.requestDepositRelease>): Shown {
  return one(release, ({ state, hash, intent }) => ({
    intent: intent.id,
    state,
    hash,
    until: intent.expiresAt,
  }));
}

async function askRelease(
  { api }: Connection,
  { reason, customer }: { readonly reason: string; readonly customer?: string },
  depositId = '',
): Promise<Shown> {
  const body = { reason, ...(customer === undefined ? {} : { customerId: customer }) };
  return releaseShown(await api.call(contract.requestDepositRelease, { params: { depositId }, body }));
}

/** What came in on chain. */
export function registerDeposits(client: Command): void {
  const group = client.command('deposits').description('what was paid to you on chain');
  lists(
    group
      .command('list')
      .description('newest first')
      .option('--wallet <id>', 'only to this wallet')
      .option('--customer <id>', 'for staff: only those of this customer')
      .option('--state <state>', 'detected, confirming, credited, quarantined, dropped or reversed'),
    list,
  );
  acts(group.command('show <deposit>').description('one deposit'), show);
  changes(
    group
      .command('quarantine <deposit>')
      .description('for staff: set it aside before it is credited')
      .requiredOption('--reason <text>', 'for the audit log'),
    quarantine,
  );
  changes(
    group
      .command('release <deposit>')
      .description(
        'for staff: ask for a quarantined deposit to be credited; `approvals sign` is next, others approve',
      )
      .requiredOption('--reason <text>', 'for the approvers')
      .option('--customer <id>', 'whom to credit, when its address was given to nobody'),
    askRelease,
  );
}
