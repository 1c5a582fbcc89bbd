import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { stepDeposits } from '../../src/deposits/index.ts';
import { ManualClock, parseFeeRate, satoshis, type WalletId } from '../../src/shared/index.ts';
import { explainAddress, reconcileWallet } from '../../src/wallets/index.ts';
import { bumpFee } from '../../src/withdrawals/bump-fee.ts';
import { buildSpend, OP_TRUE_SCRIPT } from '../chain/support/faucet-spends.ts';
import { numberedScript } from '../chain/support/followed-chain.ts';
import { House, pay, SOMEBODY, type Owner } from './support/house.ts';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterAll(() => house.close());

const DEPOSIT = 600_000n;

/** A credited deposit by a coin that can be spent otherwise, once its block is gone. */
async function depositRevocably({ customer, vault }: Owner, balance: 'vault' | 'spending') {
  const { chain } = house;
  const wallet = balance === 'vault' ? vault.id : house.treasury.id;
  const { address } = await chain.house.give(wallet, customer.id);
  await chain.house.opened(wallet);
  const coin = await chain.regtest.control.fund(OP_TRUE_SCRIPT, satoshis(DEPOSIT + 1_000n));
  await chain.regtest.control.mine(1);
  const { address: given } = await explainAddress(chain.house.database, address, 'anybody');
  const outputs = [{ script: given.script, satoshis: DEPOSIT }];
  await chain.node.broadcast(buildSpend({ coins: [coin], outputs }));
  await house.mine(2);
  const elsewhere = [{ script: OP_TRUE_SCRIPT, satoshis: DEPOSIT - 60_000n }];
  return () => chain.node.broadcast(buildSpend({ coins: [coin], outputs: elsewhere }));
}

/** Other blocks in place of the last: to another miner, else a block of the same second would be the lost one. */
async function replaceBlocks(depth: number, otherwise?: () => Promise<unknown>): Promise<void> {
  const { control } = house.chain.regtest;
  await control.disconnect(depth);
  await otherwise?.();
  await control.mine(1, numberedScript(depth));
  await house.mine(depth);
}

/** Both books go on in turns: a deposit is taken back only after the payout that spent it is. */
async function rest(): Promise<void> {
  for (let round = 0; round < 3; round++) await house.later();
  const clock = new ManualClock(Date.now() + 5 * 60_000);
  while ((await stepDeposits({ ...house.chain.depositParts, clock })) > 0);
}

/** Books equal coins to the satoshi; and what all have a claim on is what is there. */
async function expectBalanced(...wallets: WalletId[]): Promise<void> {
  for (const wallet of wallets) {
    const both = await reconcileWallet(house.database, house.chain.house.ledger, wallet);
    expect(both.difference).toBe(0n);
    if (both.claims !== null) expect(both.claims).toBe(both.posted);
  }
}

async function depositStates(wallet: WalletId): Promise<string[]> {
  return (await house.chain.deposits(wallet)).map(({ state, cycle }) => `${state}/${cycle}`);
}

describe.each(['vault', 'spending'] as const)('a deposit that was spent onwards from %s', (balance) => {
  test('and comes back in other blocks, with the payout: credited once, paid once', async () => {
    const ada = await house.owner();
    const wallet = balance === 'vault' ? ada.vault.id : house.treasury.id;
    await depositRevocably(ada, balance);
    const { id } = await house.broadcast(ada, { to: pay(200_000n), balance });
    await house.mine();
    await rest();
    expect(await house.state(id)).toBe('confirmed');
    await replaceBlocks(3);
    // Its lock time was the tip of then: it is sent again when it may be mined.
    await rest();
    await house.mine();
    await rest();
    expect(await house.state(id)).toBe('confirmed');
    expect((await depositStates(wallet)).at(-1)).toBe('credited/2');
    const { bookedAmount } = await house.row(id);
    const owner = balance === 'vault' ? ada.vault.id : ada.customer.id;
    expect((await house.balance(balance, owner)).posted).toBe(DEPOSIT - bookedAmount!);
    await expectBalanced(ada.vault.id, house.treasury.id);
  });

  test('and is double-spent, so that the payout can never be: owed, and nothing is paid twice', async () => {
    const ada = await house.owner();
    const wallet = balance === 'vault' ? ada.vault.id : house.treasury.id;
    const otherwise = await depositRevocably(ada, balance);
    // More than the treasury has besides, so that the payout spends this very deposit.
    const { id } = await house.broadcast(ada, { to: pay(450_000n), balance });
    await house.mine();
    await rest();
    expect(await house.state(id)).toBe('confirmed');
    const { bookedAmount, payout } = await house.row(id);
    await replaceBlocks(3, otherwise);
    await rest();
    expect((await depositStates(wallet)).at(-1)).toBe('reversed/1');
    const owner = balance === 'vault' ? ada.vault.id : ada.customer.id;
    expect((await house.balance(balance, owner)).posted).toBe(0n);
    const receivable = balance === 'vault' ? 'vaultReceivable' : 'spendingReceivable';
    expect((await house.balance(receivable, owner)).posted).toBe(bookedAmount);
    await expectBalanced(ada.vault.id, house.treasury.id);
    // It waits as it is: what it would pay is still in flight, and no second transaction is made for it.
    const after = await house.row(id);
    expect(after).toMatchObject({ state: 'broadcast', confirmedCycle: 1 });
    expect(after.payout!.transactions).toHaveLength(payout!.transactions.length);
  });
});

test('mined in another form after a reorganisation: booked at what it costs, once', async () => {
  const ada = await house.owner();
  await house.deposit(ada, 'vault', DEPOSIT);
  const { id } = await house.broadcast(ada, { to: pay(200_000n) });
  // A dearer form is signed, and does not get out; the first one is mined.
  const { txid: dearer } = await inTransaction(house.database, (tx) =>
    bumpFee(house.parts, tx, id, parseFeeRate('40'), SOMEBODY),
  );
  await house.cosign();
  house.chain.house.scene.clock.advance(60_000);
  const { node } = house.parts;
  const away = () => Promise.reject(new Error('the node is away'));
  const cutOff = {
    broadcast: away,
    mempoolEntry: () => Promise.resolve(undefined),
    feeEstimate: (blocks: number) => node.feeEstimate(blocks),
    tip: () => node.tip(),
    header: (hash: string) => node.header(hash),
  };
  await house.settle({ ...house.parts, node: cutOff });
  await house.mine();
  await rest();
  const first = await house.row(id);
  const [cheap, dear] = first.payout!.transactions;
  expect(dear).toMatchObject({ txid: dearer });
  expect(first).toMatchObject({ state: 'confirmed', bookedAmount: 200_000n + cheap!.fee });
  await expectBalanced(ada.vault.id);

  await house.chain.regtest.control.disconnect(1);
  await house.chain.node.broadcast(dear!.transaction!);
  await house.chain.regtest.control.mine(1, numberedScript(7));
  await house.mine(1);
  await rest();
  expect(await house.row(id)).toMatchObject({
    state: 'confirmed',
    confirmedCycle: 2,
    bookedAmount: 200_000n + dear!.fee,
  });
  expect((await house.balance('vaultInFlight', ada.vault.id)).posted).toBe(0n);
  expect((await house.balance('vault', ada.vault.id)).posted).toBe(DEPOSIT - 200_000n - dear!.fee);
  await expectBalanced(ada.vault.id);
});
