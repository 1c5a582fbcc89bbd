import { afterAll, beforeAll, expect, test } from 'vitest';
import { deriveAddress, parseDescriptor } from '../../src/bitcoin/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { idToUuid, isDomainError, newId, satoshis, type WalletId } from '../../src/shared/index.ts';
import {
  addOwnChange,
  explainAddress,
  releaseCoins,
  reserveCoins,
  restoreOwnChange,
  spendableCoins,
  takeChangeAddress,
  withholdOwnChange,
} from '../../src/wallets/index.ts';
import { CustodyHouse } from './custody-house.ts';

let house: CustodyHouse;

beforeAll(async () => {
  house = await CustodyHouse.open();
});
afterAll(() => house.close());

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'accepted';
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    return thrown.code;
  }
}

test('indexes have no gap and no double under concurrency, and every address is the descriptor’s', async () => {
  const { customer, wallet } = await house.vault();
  const given = await Promise.all(Array.from({ length: 12 }, () => house.give(wallet.id, customer.id)));
  expect(given.map(({ index }) => index).sort((a, b) => a - b)).toEqual([...given.keys()]);
  const descriptor = parseDescriptor(wallet.descriptor!, 'regtest');
  for (const { address, index } of given) {
    expect(deriveAddress(descriptor, 'receive', index).address).toBe(address);
  }
});

test('the database gives no address twice, takes none away, and none for a wallet that is not open', async () => {
  const { customer, wallet } = await house.vault();
  const { id } = await house.give(wallet.id, customer.id);
  const update = (data: { givenAt?: Date; customerId?: string }, where: object) =>
    house.database.walletAddress.updateMany({ where, data });
  const other = await house.customer();
  await expect(update({ customerId: idToUuid(other.id) }, { id: idToUuid(id) })).rejects.toThrow();
  const mine = { walletId: idToUuid(wallet.id), index: 5, branch: 'receive' };
  const stolen = { givenAt: new Date(), customerId: idToUuid(other.id) };
  await expect(update(stolen, mine)).rejects.toThrow('not open for this');
});

test('verify: the owner learns keys and paths; for anybody else there is no such address', async () => {
  const { customer, wallet } = await house.vault();
  const { address } = await house.give(wallet.id, customer.id, 'rent');
  const facts = await explainAddress(house.database, address.toUpperCase(), customer.id);
  expect(facts.keys.map(({ path }) => path.slice(-2))).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  expect(facts.address).toMatchObject({ label: 'rent', walletId: wallet.id });
  const stranger = await house.customer();
  const ahead = deriveAddress(parseDescriptor(wallet.descriptor!, 'regtest'), 'receive', 7).address;
  for (const [text, who] of [
    [address, stranger.id],
    [ahead, customer.id],
    ['bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', customer.id],
  ] as const) {
    expect(await codeOf(() => explainAddress(house.database, text, who))).toBe('address_unknown');
  }
});

async function changeCoin(wallet: WalletId, txid: string): Promise<void> {
  await inTransaction(house.database, async (tx) => {
    const { id } = await takeChangeAddress(tx, house.parts, wallet, new Date());
    const change = { txid, vout: 1, walletId: wallet, addressId: id, satoshis: satoshis(50_000n) };
    await addOwnChange(tx, change, new Date());
  });
}

test('coins are reserved once, with an end, and own change counts until it is replaced', async () => {
  const { wallet } = await house.vault();
  const txid = 'ab'.repeat(32);
  await changeCoin(wallet.id, txid);
  const free = async (nowMs: number) =>
    (await spendableCoins(house.database, wallet.id, 500, new Date(nowMs))).length;
  const now = house.scene.clock.nowMs();
  const [first, second] = [newId('withdrawal'), newId('withdrawal')];
  const reserve = (holder: typeof first, untilMs: number) =>
    codeOf(() =>
      inTransaction(house.database, (tx) =>
        reserveCoins(tx, house.scene.clock, {
          walletId: wallet.id,
          coins: [{ txid, vout: 1 }],
          holder,
          until: new Date(untilMs),
        }),
      ),
    );
  expect(await free(now)).toBe(1);
  const race = await Promise.all([reserve(first, now + 60_000), reserve(second, now + 60_000)]);
  expect(race.sort()).toEqual(['accepted', 'coin_unavailable']);
  expect(await free(now)).toBe(0);
  // A dead proposal locks nothing for ever.
  expect(await free(now + 60_000)).toBe(1);
  await inTransaction(house.database, async (tx) => {
    await releaseCoins(tx, first);
    await releaseCoins(tx, second);
    await withholdOwnChange(tx, txid);
  });
  expect(await free(now)).toBe(0);
  expect(await reserve(first, now + 60_000)).toBe('coin_unavailable');
  await inTransaction(house.database, (tx) => restoreOwnChange(tx, txid));
  expect(await reserve(first, now + 60_000)).toBe('accepted');
  expect(await reserve(first, now + 90_000)).toBe('accepted');
});
