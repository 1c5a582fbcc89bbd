import type { Command } from 'commander';
import { writeNewFile } from '../../keyring/index.ts';
import { readDocument, writeDocument } from '../../station/index.ts';
import * as control from '../../control/rotation-contract.ts';
import * as contract from '../../wallets/wallet-contract.ts';
import type { AnswerOf } from './api-client.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, table, type Shown } from './output.ts';

type Wallet = AnswerOf<typeof contract.getWallet>;
type Balances = AnswerOf<typeof contract.getBalances>;

function walletFacts(wallet: Wallet) {
  const { id, plan, label, state, network, descriptor, obstacle } = wallet;
  return { wallet: id, state, plan, network, label, descriptor, obstacle };
}

/** Attestations of the customer's own keys: none, one, or the two of self_custody. */
async function ownKeys(files: readonly string[] = []): Promise<{ customerKeys?: Record<string, unknown>[] }> {
  if (files.length === 0) return {};
  const documents = await Promise.all(files.map((file) => readDocument(file)));
  return { customerKeys: documents as Record<string, unknown>[] };
}

interface OpenOptions {
  readonly plan: string;
  readonly label: string;
  readonly key?: string[];
}

async function open({ api }: Connection, { plan, label, key }: OpenOptions): Promise<Shown> {
  const customerKeys = await ownKeys(key);
  // The contract refuses a plan that there is not.
  const body = { plan: plan as Wallet['plan'], label, ...customerKeys };
  return one(await api.call(contract.requestWallet, { body }), walletFacts);
}

async function list(
  { api }: Connection,
  options: { readonly customer?: string; readonly limit?: string; readonly after?: string },
): Promise<Shown> {
  const { customer } = options;
  const query = { ...pageOptions(options), ...(customer === undefined ? {} : { customerId: customer }) };
  const columns = ['wallet', 'state', 'plan', 'label', 'since'];
  return page(await api.call(contract.listWallets, { query }), columns, (wallet) => [
    wallet.id,
    wallet.state,
    wallet.plan,
    wallet.label,
    wallet.createdAt,
  ]);
}

async function show({ api }: Connection, _options: object, walletId = ''): Promise<Shown> {
  return one(await api.call(contract.getWallet, { params: { walletId } }), walletFacts);
}

async function registration(
  { api }: Connection,
  { out }: { readonly out: string },
  walletId = '',
): Promise<Shown> {
  const file = await api.call(contract.getRegistration, { params: { walletId } });
  await writeDocument(out, file);
  return { document: file, lines: [`Registration and receipt: ${out}`] };
}

interface RotateOptions {
  readonly reason: string;
  readonly key?: string[];
}

async function rotate({ api }: Connection, { reason, key }: RotateOptions, walletId = ''): Promise<Shown> {
  const customerKeys = await ownKeys(key);
  const body = { reason, ...customerKeys };
  return one(await api.call(contract.rotateWallet, { params: { walletId }, body }), walletFacts);
}

async function askRotation(
  { api }: Connection,
  { reason, key }: RotateOptions,
  walletId = '',
): Promise<Shown> {
  const call = { params: { walletId }, body: { reason, ...(await ownKeys(key)) } };
  return one(await api.call(control.requestKeyRotation, call), ({ intent, hash }) => ({
    intent: intent.id,
    hash,
  }));
}

interface KitOptions {
  readonly out: string;
  readonly pdf?: string;
}

async function recoveryKit({ api }: Connection, { out, pdf }: KitOptions, walletId = ''): Promise<Shown> {
  const issued = await api.call(contract.issueRecoveryKit, { params: { walletId } });
  await writeDocument(out, issued.kit);
  if (pdf !== undefined) await writeNewFile(pdf, Buffer.from(issued.pdf, 'base64'));
  return one({ kit: out, pdf: pdf ?? null }, (written) => written);
}

async function keyPools({ api }: Connection): Promise<Shown> {
  const pools = await api.call(contract.getKeyPools, {});
  const rows = Object.entries(pools).map(([role, { available, low }]) => [role, available, low ? 'LOW' : '']);
  return { document: pools, lines: table(['role', 'keys left', ''], rows) };
}

function showBalances(balances: Balances): Shown {
  const rows = [
    { name: 'spending', wallet: '', balance: balances.spending },
    ...balances.vaults.map(({ walletId, label, balance }) => ({ name: label, wallet: walletId, balance })),
  ];
  const columns = ['balance', 'available', 'pending', 'held', 'owed', 'wallet'];
  const lines = table(
    columns,
    rows.map(({ name, wallet, balance: { available, pending, held, owed } }) => [
      name,
      available,
      pending,
      held,
      owed,
      wallet,
    ]),
  );
  return { document: balances, lines: [...lines, 'in satoshis'] };
}

async function balances({ api }: Connection, { customer }: { readonly customer?: string }): Promise<Shown> {
  if (customer === undefined) return showBalances(await api.call(contract.getBalances, {}));
  return showBalances(await api.call(contract.getCustomerBalances, { params: { customerId: customer } }));
}

/** Wallets and what is in them. */
export function registerWallets(client: Command): void {
  const group = client.command('wallets').description('2-of-3 wallets of your own');
  changes(
    group
      .command('open')
      .description('ask for a wallet; it is opened within seconds')
      .requiredOption('--label <name>', 'a name for people')
      .option('--plan <plan>', 'custodial or collaborative', 'custodial')
      .option(
        '--key <files...>',
        'attestations that `customer-key create` wrote: one for a collaborative wallet, two for self_custody',
      ),
    open,
  );
  lists(
    group
      .command('list')
      .description('your wallets; staff sees all')
      .option('--customer <id>', 'for staff: only those of this customer'),
    list,
  );
  acts(group.command('show <wallet>').description('one wallet'), show);
  acts(
    group
      .command('registration <wallet>')
      .description('what signer and stations have pinned: keep a copy')
      .requiredOption('--out <file>', 'where it goes'),
    registration,
  );
  changes(
    group
      .command('rotate <wallet>')
      .description(
        'move to a wallet with other keys; what the old one holds follows by withdrawals that you sign',
      )
      .requiredOption('--reason <text>', 'why, for the record')
      .option(
        '--key <files...>',
        'attestations of new keys of your own: one of a collaborative wallet, two of self_custody',
      ),
    rotate,
  );
  changes(
    group
      .command('ask-rotation <wallet>')
      .description(
        'for staff: ask for other keys of a customer’s wallet; sign the intent next (approvals sign), then others approve it',
      )
      .requiredOption('--reason <text>', 'why')
      .option('--key <files...>', 'attestations of new keys of the customer’s own'),
    askRotation,
  );
  acts(
    group
      .command('kit <wallet>')
      .description('its recovery kit: what moves the coins when no server answers')
      .requiredOption('--out <file>', 'where it goes, for programs')
      .option('--pdf <file>', 'the same for paper'),
    recoveryKit,
  );
  acts(group.command('key-pools').description('for staff: how many attested keys are left'), keyPools);
  acts(
    client
      .command('balances')
      .description('what you have, all as of one moment')
      .option('--customer <id>', 'for staff: of this customer'),
    balances,
  );
}
