import type { Command } from 'commander';
import { SharedError } from '../../shared/index.ts';
import * as contract from '../../wallets/wallet-contract.ts';
import type { AnswerOf } from './api-client.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, table, type Shown } from './output.ts';

type Address = AnswerOf<typeof contract.createAddress>;

interface PlaceOptions {
  readonly wallet?: string;
  readonly spending?: true;
}

/** A vault by its wallet, or undefined for the spending balance. @throws SharedError unless it is one of them. */
function walletOf({ wallet, spending }: PlaceOptions): string | undefined {
  if ((wallet === undefined) !== (spending === undefined)) return wallet;
  throw new SharedError('config_invalid', 'Give --wallet <id> for a vault, or --spending.');
}

function addressFacts({ address, balance, index, label, id, walletId }: Address) {
  return { address, credits: `${balance} balance`, label, index, wallet: walletId, id };
}

async function create(
  { api }: Connection,
  options: PlaceOptions & { readonly label?: string },
): Promise<Shown> {
  const walletId = walletOf(options);
  const body = options.label === undefined ? {} : { label: options.label };
  if (walletId === undefined)
    return one(await api.call(contract.createSpendingAddress, { body }), addressFacts);
  return one(await api.call(contract.createAddress, { params: { walletId }, body }), addressFacts);
}

async function list(
  { api }: Connection,
  options: PlaceOptions & { readonly limit?: string; readonly after?: string },
): Promise<Shown> {
  const walletId = walletOf(options);
  const query = pageOptions(options);
  const addresses =
    walletId === undefined
      ? await api.call(contract.listSpendingAddresses, { query })
      : await api.call(contract.listAddresses, { params: { walletId }, query });
  return page(addresses, ['index', 'address', 'label', 'since'], ({ index, address, label, createdAt }) => [
    index,
    address,
    label,
    createdAt,
  ]);
}

async function verify({ api }: Connection, _options: object, address = ''): Promise<Shown> {
  const verified = await api.call(contract.verifyAddress, { params: { address } });
  const facts = one(verified, ({ address: given, descriptor }) => ({ ...addressFacts(given), descriptor }));
  const keys = verified.keys.map(({ masterFingerprint, path, publicKey }) => [
    masterFingerprint,
    path,
    publicKey,
  ]);
  return { ...facts, lines: [...facts.lines, ...table(['key of', 'path', 'public key'], keys)] };
}

/** Where one is paid. */
export function registerAddresses(client: Command): void {
  const group = client.command('addresses').description('where you are paid; none is given out twice');
  const place = (command: Command): Command =>
    command.option('--wallet <id>', 'of this vault').option('--spending', 'of your spending balance');
  changes(
    place(group.command('new').description('get a fresh address')).option(
      '--label <name>',
      'a name for people',
    ),
    create,
  );
  lists(place(group.command('list').description('those given out')), list);
  acts(
    group
      .command('verify <address>')
      .description('of which wallet it is, where it derives, and from which keys'),
    verify,
  );
}
