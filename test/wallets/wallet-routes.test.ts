import { beforeAll, expect, test } from 'vitest';
import { idToUuid, newId } from '../../src/shared/index.ts';
import type { Caller } from '../identity/support/bank.ts';
import { newCustomer, newStaff, useBank } from '../identity/support/bank.ts';

const bank = useBank();
let ada: Caller;
let adaId: string;
let eve: Caller;
let walletId: string;
let depositId: string;

const address = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';

beforeAll(async () => {
  ({ caller: ada, id: adaId } = await newCustomer(bank()));
  ({ caller: eve } = await newCustomer(bank()));
  walletId = newId('wallet');
  depositId = newId('deposit');
  const { database } = bank();
  const customerId = idToUuid(adaId as ReturnType<typeof newId<'customer'>>);
  const now = new Date();
  const wallet = idToUuid(walletId as ReturnType<typeof newId<'wallet'>>);
  const addressId = idToUuid(newId('address'));
  await database.wallet.create({
    data: {
      ...{ id: wallet, customerId, network: 'regtest', plan: 'custodial', label: 'savings', state: 'open' },
      ...{ descriptor: 'wsh(…)', descriptorHash: 'd'.repeat(64), registration: '{}', receipt: '{}' },
      ...{ createdAt: now, openedAt: now, nextStepAt: now, nextReceiveIndex: 1 },
    },
  });
  await database.walletAddress.create({
    data: {
      ...{ id: addressId, walletId: wallet, branch: 'receive', index: 0, address, customerId, givenAt: now },
      script: Uint8Array.from([0, 32, ...new Array<number>(32).fill(7)]),
    },
  });
  const txid = 'cd'.repeat(32);
  await database.coin.create({
    data: {
      ...{ txid, vout: 0, walletId: wallet, addressId, satoshis: 5_000n, source: 'deposit', coinbase: false },
      ...{ withheld: true, addedAt: now },
    },
  });
  await database.deposit.create({
    data: {
      id: idToUuid(depositId as ReturnType<typeof newId<'deposit'>>),
      ...{ network: 'regtest', txid, vout: 0, walletId: wallet, addressId, customerId, balance: 'vault' },
      ...{ satoshis: 5_000n, cycle: 1, state: 'detected', detectedAt: now, nextStepAt: now },
    },
  });
});

test('a customer sees their own; for anybody else it does not exist', async () => {
  for (const path of [
    `/v1/wallets/${walletId}`,
    `/v1/wallets/${walletId}/addresses`,
    `/v1/deposits/${depositId}`,
  ]) {
    const own = await ada.send('GET', path);
    expect([path, own.status]).toEqual([path, 200]);
    const foreign = await eve.send('GET', path);
    const missing = await eve.send(
      'GET',
      path.replace(/_[0-9a-z]{26}/, (id) => `${id.slice(0, -2)}zz`),
    );
    expect([path, foreign.status, foreign.body['code']]).toEqual([path, 404, missing.body['code']]);
  }
  const foreign = await eve.send('POST', `/v1/wallets/${walletId}/addresses`, {});
  expect(foreign).toMatchObject({ status: 404, body: { code: 'wallet_unknown' } });
  expect((await eve.send('GET', '/v1/wallets')).body['items']).toEqual([]);
  // A filter is no way around it.
  expect((await eve.send('GET', `/v1/deposits?customerId=${adaId}`)).body['items']).toEqual([]);
  expect((await eve.send('GET', `/v1/wallets?customerId=${adaId}`)).body['items']).toEqual([]);
  expect((await eve.send('GET', `/v1/addresses/${address}`)).status).toBe(404);
});

test('staff reads, and gives out nothing', async () => {
  const { caller } = await newStaff(bank(), 'auditor');
  expect((await caller.send('GET', `/v1/wallets/${walletId}`)).body['label']).toBe('savings');
  expect((await caller.send('GET', `/v1/deposits?customerId=${adaId}`)).body['items']).toHaveLength(1);
  expect((await caller.send('POST', `/v1/wallets/${walletId}/addresses`, {})).status).toBe(403);
  expect((await caller.send('GET', '/v1/key-pools')).body).toMatchObject({
    cold: { available: 0, low: true },
  });
  expect((await ada.send('GET', '/v1/key-pools')).status).toBe(403);
});

test('a wallet needs a key to sign requests with, and a plan that can be opened', async () => {
  const wish = (plan: string) => ada.send('POST', '/v1/wallets', { plan, label: 'more' });
  expect(await wish('custodial')).toMatchObject({
    status: 409,
    body: { code: 'signing_credential_missing' },
  });
  expect(await wish('treasury_cold')).toMatchObject({ body: { code: 'wallet_plan_unsupported' } });
});
