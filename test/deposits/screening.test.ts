import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressOfScript, outpointOf, parseTransaction } from '../../src/bitcoin/index.ts';
import { stepDeposit, stepDeposits, type DepositParts } from '../../src/deposits/step-deposits.ts';
import { accountId } from '../../src/ledger/client/index.ts';
import { listedAmong } from '../../src/policy/index.ts';
import { idToUuid, newId, type WalletId } from '../../src/shared/index.ts';
import { ChainHouse } from '../wallets/custody-house.ts';

const DAY_MS = 86_400_000;

let chain: ChainHouse;
beforeAll(async () => {
  chain = await ChainHouse.open();
});
afterAll(() => chain.close());

function parts(): DepositParts {
  return { ...chain.depositParts, screening: { network: 'regtest', listed: listedAmong } };
}

/** A payment to a new vault, in a block and not deep enough yet. */
async function paid(): Promise<{ readonly wallet: WalletId; readonly source: string }> {
  const { customer, wallet } = await chain.house.vault();
  const { address } = await chain.house.give(wallet.id, customer.id);
  await chain.pay(address, 150_000n);
  await chain.mine(1);
  const [deposit] = await chain.deposits(wallet.id);
  const [input] = parseTransaction((await chain.node.transaction(deposit!.txid)).bytes).ins;
  const [parent = '', index = ''] = outpointOf(input!).split(':');
  const { outs } = parseTransaction((await chain.node.transaction(parent)).bytes);
  return { wallet: wallet.id, source: addressOfScript(outs[Number(index)]!.script, 'regtest')!.text };
}

async function list(address: string, reputation: string, expiresInMs = DAY_MS): Promise<void> {
  const expiresAt = new Date(Date.now() + expiresInMs);
  const enteredAt = new Date(Date.now() - DAY_MS);
  await chain.house.database.listedAddress.create({
    data: {
      ...{ id: idToUuid(newId('policy')), address, reputation, source: 'staff', reference: 'case 7' },
      ...{ reason: 'stolen coins', enteredBy: newId('staff'), enteredAt, expiresAt },
    },
  });
}

/** Enough blocks, and every step that is due, by a worker that screens. */
async function carryOn(): Promise<void> {
  await chain.regtest.control.mine(6);
  await chain.follower.poll();
  while ((await stepDeposits(parts())) > 0);
}

async function suspense(wallet: WalletId): Promise<bigint> {
  const { value } = await chain.house.ledger.accounts([accountId('vaultSuspense', 1, wallet)]);
  return value[0]!.creditsPosted - value[0]!.debitsPosted;
}

test('a deposit from a listed address goes to suspense; its owner reads no reason, staff do', async () => {
  const { wallet, source } = await paid();
  await list(source, 'watched');
  await list(source, 'sanctioned', -1_000);
  await carryOn();
  expect((await chain.deposits(wallet))[0]).toMatchObject({ state: 'credited' });

  const listed = await paid();
  await list(listed.source, 'blocked');
  await carryOn();
  const [deposit] = await chain.deposits(listed.wallet);
  expect(deposit).toMatchObject({ state: 'quarantined', quarantine: 'review' });
  expect(await suspense(listed.wallet)).toBe(150_000n);
  const { database } = chain.house;
  const audit = await database.auditEntry.findMany({
    where: { entity: deposit!.id, action: 'deposit.set_aside' },
  });
  expect(audit.map(({ content }) => content).join()).toContain(`${listed.source} is blocked (staff).`);
  const events = await database.outboxEvent.findMany({ where: { subject: deposit!.id } });
  expect(events.filter(({ type }) => type === 'alert.raised').map(({ customer }) => customer)).toEqual([
    null,
  ]);
  const told = events.filter(({ customer }) => customer !== null).map(({ content }) => content);
  expect(told.join()).not.toContain(listed.source);
  expect(await stepDeposit(parts(), deposit!.id)).toBe(false);
});
