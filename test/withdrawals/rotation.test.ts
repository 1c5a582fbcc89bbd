import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDescriptor } from '../../src/bitcoin/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { withdrawalIntentOf, type KeyRotationIntent } from '../../src/intents/index.ts';
import { findIntent } from '../../src/approvals/index.ts';
import { idFromUuid, idToUuid, newId, parseId, type WalletId } from '../../src/shared/index.ts';
import { readWallet, rotateWallet, stepWallets, type Wallet } from '../../src/wallets/index.ts';
import { requestRotation, settleKeyRotations } from '../../src/control/key-rotations.ts';
import { sweepReplaced } from '../../src/withdrawals/index.ts';
import { attestedKey } from '../fixtures/custody.ts';
import { TEST_CAUSE } from '../wallets/custody-house.ts';
import { PolicedHouse } from '../policy/policed-house.ts';
import { House, SOMEBODY, type Owner } from './support/house.ts';
import { serveHouse } from './support/serve-house.ts';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterAll(() => house.close());

function rotate(old: Wallet, ...customerKeys: unknown[]): Promise<Wallet> {
  const wish = { id: newId('wallet'), customerKeys, reason: 'a lost phone' };
  return inTransaction(house.database, (tx) =>
    rotateWallet(tx, house.chain.house.parts, old, wish, TEST_CAUSE),
  );
}

/** The draft that the worker has made, signed, approved, paid and confirmed. */
async function carryOut(owner: Owner, wallet: WalletId): Promise<void> {
  const row = await house.database.withdrawal.findFirstOrThrow({
    where: { walletId: idToUuid(wallet), state: 'requested' },
  });
  const { intent } = await inTransaction(house.database, (tx) =>
    findIntent(tx, idFromUuid('intent', row.intentId)),
  );
  const drafted = withdrawalIntentOf(intent);
  await house.sign(owner, drafted);
  await house.carryOn();
  await house.judge(drafted);
  await house.carryOn();
  await house.cosign();
  await house.carryOn();
  await house.mine(6);
  await house.later();
  expect(await house.state(idFromUuid('withdrawal', row.id))).toBe('confirmed');
}

test('a customer moves to a wallet with other keys, and what is paid to old addresses follows for ever', async () => {
  const ada = await house.owner();
  const { vault: old, customer } = ada;
  await house.deposit(ada, 'vault', 400_000n, 300_000n);
  const late = await house.chain.house.give(old.id, customer.id);
  await house.chain.house.stock(1);
  const asked = await rotate(old);
  expect(asked).toMatchObject({
    state: 'requested',
    replaces: old.id,
    plan: old.plan,
    customerId: customer.id,
  });
  // Until the new one is open, the old one goes on.
  expect(await sweepReplaced(house.parts)).toBe(0);
  await house.chain.house.give(old.id, customer.id);
  await expect(rotate(await readWallet(house.database, old.id))).rejects.toMatchObject({
    code: 'wallet_replaced',
  });
  const fresh = await house.chain.house.opened(asked.id);
  const keysOf = (wallet: Wallet): string[] => wallet.descriptor?.match(/tpub\w+/g) ?? [];
  expect(keysOf(fresh)).toHaveLength(3);
  expect(keysOf(fresh).filter((key) => keysOf(old).includes(key))).toEqual([]);

  await expect(house.chain.house.give(old.id, customer.id)).rejects.toMatchObject({
    code: 'wallet_replaced',
  });
  expect(
    (await house.parts.wallets.vaultsOf(house.database as never, customer.id)).map(({ id }) => id),
  ).toEqual([fresh.id, old.id]);
  expect(await sweepReplaced(house.parts)).toBe(1);
  // One at a time.
  expect(await sweepReplaced(house.parts)).toBe(0);
  await carryOut(ada, old.id);
  const moved = (await house.balance('vault', fresh.id)).posted;
  expect(moved).toBeGreaterThan(690_000n);
  expect((await house.balance('vault', old.id)).posted).toBe(0n);
  expect(await sweepReplaced(house.parts)).toBe(0);

  // Somebody pays an address of long ago.
  await house.chain.pay(late.address, 250_000n);
  await house.mine(6);
  expect((await house.balance('vault', old.id)).available).toBe(250_000n);
  expect(await sweepReplaced(house.parts)).toBe(1);
  await carryOut(ada, old.id);
  expect((await house.balance('vault', fresh.id)).posted).toBeGreaterThan(moved + 245_000n);
  expect(await house.difference(old.id)).toBe(0n);
  expect(await house.difference(fresh.id)).toBe(0n);
});

test('a self-custody wallet moves to two new keys of the customer, never to one that a wallet has had', async () => {
  const { house: custody } = house.chain;
  const customer = await custody.customer();
  const key = (name: string) => attestedKey(`${name} of ${customer.id}`, 'customer', customer.signer);
  const [one, two, three, four] = ['one', 'two', 'three', 'four'].map(key);
  const first = [one!.attestation, two!.attestation];
  const old = await custody.opened(await custody.request(customer.id, 'self_custody', ...first));
  const refused = async (code: string, ...keys: unknown[]) =>
    expect(rotate(old, ...keys)).rejects.toMatchObject({ code });
  await refused('customer_key_missing');
  await refused('customer_key_missing', three!.attestation);
  await refused('customer_key_missing', three!.attestation, three!.attestation);
  await refused('customer_key_unexpected', three!.attestation, four!.attestation, first[0]);
  // A key that an old wallet has ends the new one, and the old one may be replaced again.
  const stale = await rotate(old, three!.attestation, first[1]);
  await stepWallets(custody.parts);
  expect(await readWallet(house.database, stale.id)).toMatchObject({ state: 'failed', descriptor: null });

  const send = (await serveHouse(house))(customer.id, ['customer'], 'session');
  const customerKeys = [three!.attestation, four!.attestation];
  const asked = await send('POST', `/v1/wallets/${old.id}/rotations`, {
    reason: 'a lost phone',
    customerKeys,
  });
  expect(asked).toMatchObject({ status: 202, body: { plan: 'self_custody', replaces: old.id } });
  const fresh = await custody.opened(parseId('wallet', asked.body['id'] as string));
  const keysOf = (wallet: Wallet) =>
    parseDescriptor(wallet.descriptor!, 'regtest').keys.map(({ xpub }) => xpub.text);
  expect(keysOf(fresh)).toHaveLength(3);
  const own = [three, four].map((key) => key!.accountKey.xpub.text);
  expect(keysOf(fresh)).toEqual(expect.arrayContaining(own));
  expect(keysOf(fresh).filter((text) => keysOf(old).includes(text))).toEqual([]);
  await expect(custody.give(old.id, customer.id)).rejects.toMatchObject({ code: 'wallet_replaced' });
  expect((await custody.give(fresh.id, customer.id)).address).toMatch(/^bcrt1/);
});

test('dust stays where it is, and nobody rotates what is not an open wallet of a customer', async () => {
  await expect(rotate(house.treasury)).rejects.toMatchObject({ code: 'wallet_not_open' });
  const eve = await house.owner('collaborative');
  await expect(rotate(eve.vault)).rejects.toMatchObject({ code: 'customer_key_missing' });
  const bob = await house.owner();
  await house.chain.house.stock(1);
  await house.chain.house.opened((await rotate(bob.vault)).id);
  const { address } = (await house.database.walletAddress.findFirstOrThrow({
    where: { walletId: idToUuid(bob.vault.id), branch: 'receive', index: 0 },
  })) as { address: string };
  await house.chain.pay(address, 1_000n);
  await house.mine(6);
  expect(await sweepReplaced(house.parts)).toBe(0);
  // The database itself refuses a replacement by somebody else’s wallet.
  const data = await house.database.wallet.findUniqueOrThrow({ where: { id: idToUuid(bob.vault.id) } });
  const stolen = {
    ...data,
    id: idToUuid(newId('wallet')),
    replacesId: idToUuid(eve.vault.id),
    state: 'requested',
  };
  const blank = { descriptor: null, descriptorHash: null, registration: null, receipt: null, openedAt: null };
  await expect(house.database.wallet.create({ data: { ...stolen, ...blank } })).rejects.toThrow();
});

test('staff ask for other keys, others approve, and a row that says so opens nothing', async () => {
  const policed = new PolicedHouse(house);
  const { vault: old } = await house.owner();
  const steps = { ...house.chain.house.parts, queue: house.parts.queue };
  const ask = async (customerKeys: readonly unknown[] = []) => {
    const requester = parseId('staff', policed.staff(0).id);
    const wish = {
      ...{ intent: newId('intent'), wallet: old.id, requester, customerKeys, reason: 'copied masters' },
    };
    const asked = await inTransaction(house.database, (tx) => requestRotation(steps, tx, wish, SOMEBODY));
    await policed.sign(asked.intent);
    return asked.intent;
  };
  const replacements = () => house.database.wallet.count({ where: { replacesId: idToUuid(old.id) } });

  const forged = await ask();
  const row = idToUuid(parseId('intent', forged.id));
  await policed.tamper(`UPDATE app.queued_intent SET state = 'approved' WHERE id = '${row}'`);
  expect(await settleKeyRotations(steps)).toBe(1);
  expect(await policed.alerts(forged.id)).toEqual(['approvals_insufficient']);
  expect((await policed.stored(forged.id)).state).toBe('rejected');

  // A key of the customer's where the plan has none: refused when it is carried out, and nothing of it stays.
  const key = attestedKey('unwanted', 'customer', (await house.chain.house.customer()).signer);
  const wrong = await ask([key.attestation]);
  await house.judge(wrong, 1);
  expect(await settleKeyRotations(steps)).toBe(1);
  expect((await policed.stored(wrong.id)).state).toBe('rejected');
  expect(await replacements()).toBe(0);

  const intent = await ask();
  expect(await settleKeyRotations(steps)).toBe(0);
  await house.judge(intent, 1);
  expect(await settleKeyRotations(steps)).toBe(1);
  expect(await settleKeyRotations(steps)).toBe(0);
  expect((await policed.stored(intent.id)).state).toBe('executed');
  const replacement = parseId('wallet', (intent as KeyRotationIntent).body.replacement);
  expect(await readWallet(house.database, replacement)).toMatchObject({
    state: 'requested',
    replaces: old.id,
  });
  // Put back into the queue, it opens no second one.
  const again = idToUuid(parseId('intent', intent.id));
  await policed.tamper(`UPDATE app.queued_intent SET state = 'approved' WHERE id = '${again}'`);
  expect(await settleKeyRotations(steps)).toBe(1);
  expect((await policed.stored(intent.id)).state).toBe('rejected');
  expect(await replacements()).toBe(1);
});
