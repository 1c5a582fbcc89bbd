import { parseNetworkName } from '../bitcoin/index.ts';
import type { Database, DatabaseTransaction, Prisma } from '../database/index.ts';
import { idFromUuid, idToUuid, type CustomerId, type WalletId } from '../shared/index.ts';
import { WalletError } from './errors.ts';
import {
  isWalletPlan,
  nextWalletState,
  WALLET_STATES,
  type Wallet,
  type WalletCommand,
  type WalletState,
} from './wallet.ts';

export type Tables = Database | DatabaseTransaction;

type WalletRow = Prisma.WalletModel;

function stateOf(text: string): WalletState {
  const state = WALLET_STATES.find((candidate) => candidate === text);
  if (state === undefined) throw new RangeError(`a wallet has the state ${text}`);
  return state;
}

export function walletOf(row: WalletRow): Wallet {
  const { plan } = row;
  if (!isWalletPlan(plan)) throw new RangeError(`a wallet has the plan ${plan}`);
  return {
    id: idFromUuid('wallet', row.id),
    customerId: row.customerId === null ? null : idFromUuid('customer', row.customerId),
    network: parseNetworkName(row.network),
    plan,
    label: row.label,
    state: stateOf(row.state),
    version: row.version,
    descriptor: row.descriptor,
    descriptorHash: row.descriptorHash,
    replaces: row.replacesId === null ? null : idFromUuid('wallet', row.replacesId),
    createdAt: row.createdAt,
    openedAt: row.openedAt,
    obstacle: row.obstacle,
  };
}

export function walletUnknown(): WalletError {
  return new WalletError('wallet_unknown', 'There is no such wallet.');
}

/** @throws WalletError `wallet_unknown`. */
export async function readWallet(tables: Tables, id: WalletId): Promise<Wallet> {
  const row = await tables.wallet.findUnique({ where: { id: idToUuid(id) } });
  if (row === null) throw walletUnknown();
  return walletOf(row);
}

/** A wallet as its owner may see it: somebody else's does not exist. @throws WalletError `wallet_unknown`. */
export async function readWalletOf(
  tables: Tables,
  id: WalletId,
  owner: CustomerId | 'anybody',
): Promise<Wallet> {
  const wallet = await readWallet(tables, id);
  if (owner !== 'anybody' && wallet.customerId !== owner) throw walletUnknown();
  return wallet;
}

/** A customer's own wallets, whatever their state. */
export async function vaultWalletsOf(tables: Tables, customer: CustomerId): Promise<readonly WalletId[]> {
  const rows = await tables.wallet.findMany({
    where: { customerId: idToUuid(customer) },
    select: { id: true },
    orderBy: { id: 'asc' },
  });
  return rows.map(({ id }) => idFromUuid('wallet', id));
}

/** Only one institution's wallet receives for spending balances. @throws WalletError `treasury_missing`. */
export async function readTreasury(tables: Tables, network: string): Promise<Wallet> {
  const row = await tables.wallet.findFirst({
    where: { customerId: null, network, plan: 'custodial', state: { not: 'failed' } },
    orderBy: { createdAt: 'asc' },
  });
  if (row === null) {
    throw new WalletError('treasury_missing', 'The institution has not opened its treasury yet.');
  }
  return walletOf(row);
}

/** The wallet that two signers spend; null while there is none that is open. */
export async function readHotTreasury(tables: Tables, network: string): Promise<Wallet | null> {
  const row = await tables.wallet.findFirst({
    where: { customerId: null, network, plan: 'treasury_hot', state: 'open' },
  });
  return row === null ? null : walletOf(row);
}

function changedMeanwhile(): WalletError {
  return new WalletError('wallet_changed_meanwhile', 'The wallet was changed meanwhile.', {
    retryable: true,
  });
}

/** Keeps everybody else from changing the wallet until the transaction ends. @throws WalletError `wallet_changed_meanwhile`. */
export async function lockWallet(tx: DatabaseTransaction, wallet: Wallet): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT FROM app.wallet WHERE id = ${idToUuid(wallet.id)}::uuid AND version = ${wallet.version}
    FOR NO KEY UPDATE`;
  if (rows.length !== 1) throw changedMeanwhile();
}

/** What a step changes besides the state. */
export type WalletChange = Pick<
  Prisma.WalletUpdateManyMutationInput,
  | 'descriptor'
  | 'descriptorHash'
  | 'registration'
  | 'receipt'
  | 'openedAt'
  | 'birthHeight'
  | 'obstacle'
  | 'nextStepAt'
>;

/**
 * Takes a command by the state table, guarded by state and version.
 * @throws WalletError `wallet_step_forbidden`, `wallet_changed_meanwhile`.
 */
export async function moveWallet(
  tx: DatabaseTransaction,
  wallet: Wallet,
  command: WalletCommand,
  change: WalletChange,
): Promise<WalletState> {
  const state = nextWalletState(wallet.state, command);
  const { count } = await tx.wallet.updateMany({
    where: { id: idToUuid(wallet.id), state: wallet.state, version: wallet.version },
    data: { obstacle: null, ...change, state, version: { increment: 1 }, failures: 0 },
  });
  if (count !== 1) throw changedMeanwhile();
  return state;
}
