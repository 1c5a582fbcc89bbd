import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { formatBitcoin, parseId, parseSatoshis } from '../../shared/index.ts';
import { reconcileWallet } from '../../wallets/index.ts';
import { approve, askForWithdrawal, type DemoCustomer, type WithdrawalView } from './people.ts';
import type { BalancesView } from './scenes-in.ts';
import type { Stage } from './stage.ts';
import { waitUntil } from './wait-until.ts';
import type { WebhookReceiver } from './webhook-receiver.ts';

const TRANSFER_SATOSHIS = '5000000';
/** Somebody else's: a P2WPKH address of BIP173's examples, on regtest. */
const PAYEE = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

/** A payment within the ledger: committed before it is answered, and nothing on chain. */
export async function payInstantly({ narrator, ada, ben }: Stage): Promise<void> {
  narrator.chapter('Ada pays Ben 0.05 BTC, at once and without a transaction');
  const wish = { recipient: ben.id, amountSats: TRANSFER_SATOSHIS, memo: 'Thanks for lunch' };
  const key = randomUUID();
  const startedAtMs = performance.now();
  const transfer = await ada.session.post<{ id: string }>('/v1/transfers', wish, key);
  narrator.fact(
    'transfer',
    `${transfer.id}, durable after ${(performance.now() - startedAtMs).toFixed(0)} ms`,
  );
  const again = await ada.session.post<{ id: string }>('/v1/transfers', wish, key);
  narrator.check(
    'the same request again, as after a lost answer, is the same transfer',
    again.id === transfer.id,
  );
  const { spending } = await ben.session.get<BalancesView>('/v1/balances');
  narrator.fact('Ben may spend', formatBitcoin(parseSatoshis(spending.available)));
  narrator.check('Ben has what Ada sent, once', spending.available === TRANSFER_SATOSHIS);
}

export interface WithdrawalWish {
  readonly title: string;
  readonly balance: 'vault' | 'spending';
  readonly satoshis: string;
}

const FINAL = new Set(['confirmed', 'failed', 'rejected', 'cancelled', 'expired']);

function tellTransaction({ narrator }: Stage, { transaction, leftWallet }: WithdrawalView): void {
  if (transaction === null) return;
  narrator.fact('transaction', transaction.txid);
  narrator.fact('fee', `${transaction.feeSatoshis} satoshis`);
  if (leftWallet !== null) narrator.fact('left the wallet', formatBitcoin(parseSatoshis(leftWallet)));
}

/** A withdrawal by everybody who has a word in it: customer, approver, offline station, signer and witness. */
export async function withdraw(stage: Stage, customer: DemoCustomer, wish: WithdrawalWish): Promise<void> {
  const { narrator, house, approver } = stage;
  narrator.chapter(wish.title);
  const { balance, satoshis } = wish;
  const to = { kind: 'addresses', payments: [{ address: PAYEE, satoshis }] };
  const asked = await askForWithdrawal(customer, { balance, to, memo: 'demo' });
  narrator.fact('withdrawal', asked.id);
  narrator.fact('intent', asked.intentHash);
  narrator.fact('signed by', `${customer.name}, ${customer.credential}`);
  await approve(approver, asked);
  narrator.fact('approved by', approver.id);
  await waitUntil(
    'the transaction to be built',
    () => house.waiting(),
    (count) => count > 0,
  );
  narrator.fact('cosigned by', 'the cold station, which read:');
  narrator.lines(await house.signAtStation());
  const look = () => customer.session.get<WithdrawalView>(`/v1/withdrawals/${asked.id}`);
  await waitUntil('the broadcast', look, ({ state }) => state === 'broadcast' || FINAL.has(state));
  narrator.fact('signed last by', 'the platform signer, countersigned by its witness');
  const ended = await waitUntil(
    'the confirmation',
    async () => {
      await house.node.mine(1);
      return look();
    },
    ({ state }) => FINAL.has(state),
  );
  tellTransaction(stage, ended);
  narrator.check(
    `the withdrawal is confirmed${ended.endReason === null ? '' : `: ${ended.endReason}`}`,
    ended.state === 'confirmed',
  );
}

/** What Ben's own server was told while all this happened. */
export async function hearWebhooks({ narrator }: Stage, receiver: WebhookReceiver): Promise<void> {
  narrator.chapter('Ben’s own server has heard of it, by signed webhooks');
  const types = (): string[] => receiver.received.map(({ type }) => type);
  const wanted = ['transfer.completed', 'withdrawal.confirmed'];
  const seen = await waitUntil(
    'the webhooks',
    () => Promise.resolve(types()),
    (all) => wanted.every((type) => all.includes(type)),
  );
  narrator.fact('received', seen.join(', '));
  narrator.check(
    'every one carries a valid Standard Webhooks signature',
    receiver.received.every(({ genuine }) => genuine),
  );
}

/** Books against coins, wallet by wallet. */
export async function reconcile({ narrator, house }: Stage, wallets: readonly string[]): Promise<void> {
  narrator.chapter('Every satoshi is accounted for');
  for (const wallet of wallets) {
    const look = () => reconcileWallet(house.database, house.ledger, parseId('wallet', wallet));
    const both = await waitUntil(
      'the books to be written up',
      look,
      ({ difference }) => difference === 0n,
    ).catch(look);
    narrator.check(`${wallet}: books equal coins`, both.difference === 0n);
  }
}
