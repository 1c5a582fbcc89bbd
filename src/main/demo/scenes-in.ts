import { formatBitcoin, parseSatoshis, type Satoshis } from '../../shared/index.ts';
import { readTreasury } from '../../wallets/index.ts';
import type { DemoCustomer } from './people.ts';
import type { Stage } from './stage.ts';
import { waitUntil } from './wait-until.ts';

interface WalletView {
  readonly id: string;
  readonly state: string;
  readonly descriptor: string | null;
  readonly obstacle: string | null;
}

export interface BalancesView {
  readonly spending: { readonly available: string };
  readonly vaults: readonly { readonly walletId: string; readonly balance: { readonly available: string } }[];
}

export interface Wallets {
  readonly ada: string;
  readonly ben: string;
  readonly treasury: string;
}

const VAULT_DEPOSIT = 50_000_000n as Satoshis;
const SPENDING_DEPOSIT = 30_000_000n as Satoshis;

async function openVault({ narrator, house }: Stage, customer: DemoCustomer): Promise<string> {
  const { session, name } = customer;
  const { id } = await session.post<WalletView>('/v1/wallets', {
    plan: 'custodial',
    label: `${name}'s vault`,
  });
  const look = () => session.get<WalletView>(`/v1/wallets/${id}`);
  const wallet = await waitUntil(
    `${name}'s wallet to open`,
    look,
    ({ state }) => state === 'open' || state === 'failed',
  );
  narrator.fact(`${name}'s wallet`, `${id}, ${wallet.state}`);
  narrator.fact('descriptor', wallet.descriptor ?? wallet.obstacle ?? '');
  narrator.check(
    `${name}'s wallet is open: three attested keys, pinned by the signer`,
    wallet.state === 'open',
  );
  await house.registerAtStation(id);
  return id;
}

/** Two customers get a wallet each: platform, cold and backup key, pinned in signer and station before any address. */
export async function openWallets(stage: Stage): Promise<Wallets> {
  const { narrator, house, ada, ben } = stage;
  narrator.chapter('Ada and Ben become customers, each with a 2-of-3 wallet of their own');
  for (const { name, id, credential } of [ada, ben]) narrator.fact(name, `${id}, signs with ${credential}`);
  const wallets = { ada: await openVault(stage, ada), ben: await openVault(stage, ben) };
  const treasury = await waitUntil(
    'the treasury wallet to open',
    () => readTreasury(house.database, 'regtest'),
    ({ state }) => state === 'open',
  );
  await house.registerAtStation(treasury.id);
  narrator.fact('treasury', treasury.id);
  narrator.check('the cold station has checked and pinned all three wallets', true);
  return { ...wallets, treasury: treasury.id };
}

/** Pays a vault address and a spending address, and mines until both are credited. */
export async function creditDeposits({ narrator, house, ada }: Stage, vault: string): Promise<void> {
  narrator.chapter('Ada is paid on chain: 0.50 BTC to her vault, 0.30 BTC to spend');
  const [toVault, toSpend] = [
    await ada.session.post<{ address: string }>(`/v1/wallets/${vault}/addresses`, { label: 'Savings' }),
    await ada.session.post<{ address: string }>('/v1/spending-addresses', { label: 'Everyday' }),
  ];
  const payments = [
    { to: toVault.address, amount: VAULT_DEPOSIT },
    { to: toSpend.address, amount: SPENDING_DEPOSIT },
  ];
  for (const { txid, vout, satoshis } of await house.node.fundMany(payments)) {
    narrator.fact(`${txid.slice(0, 12)}…:${vout}`, formatBitcoin(satoshis));
  }
  const credited = (seen: BalancesView): boolean =>
    parseSatoshis(seen.spending.available) === SPENDING_DEPOSIT &&
    seen.vaults.some(({ balance }) => parseSatoshis(balance.available) === VAULT_DEPOSIT);
  let blocks = 0;
  const balances = await waitUntil(
    'the deposits to be credited',
    async () => {
      blocks += (await house.node.mine(1)).length;
      narrator.progress(`${blocks} blocks mined`);
      return ada.session.get<BalancesView>('/v1/balances');
    },
    credited,
  );
  narrator.check(
    'both deposits are credited, each to its own balance, the satoshi exact',
    credited(balances),
  );
}
