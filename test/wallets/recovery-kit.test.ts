import { afterAll, beforeAll, expect, test } from 'vitest';
import { deriveAddress } from '../../src/bitcoin/index.ts';
import { readKit } from '../../src/recovery/index.ts';
import { idToUuid } from '../../src/shared/index.ts';
import {
  issueRecoveryKit,
  keepEscrow,
  readStationRegistration,
  type Wallet,
} from '../../src/wallets/index.ts';
import { keyIdOf, sealEnvelope } from '../../src/keyring/index.ts';
import { attestedKey } from '../fixtures/custody.ts';
import { fixtureMasters } from '../fixtures/masters.ts';
import { newCustomer, useBank } from '../identity/support/bank.ts';
import { CustodyHouse, TEST_CAUSE } from './custody-house.ts';

const bank = useBank();
let house: CustodyHouse;
let wallet: Wallet;

beforeAll(async () => {
  house = await CustodyHouse.open();
  await house.database.chainFollower.create({
    data: { name: 'worker', height: 900_000, hash: 'ab'.repeat(32) },
  });
  ({ wallet } = await house.vault());
});

afterAll(() => house.close());

test('a wallet’s kit names its keys, its addresses and where to begin, and is told to the customer', async () => {
  const { kit, pdf } = await issueRecoveryKit(house.parts, wallet, TEST_CAUSE);
  const { descriptor } = await readKit(JSON.parse(JSON.stringify(kit)), house.scene.house.manifest);
  expect(descriptor.text).toBe(wallet.descriptor);
  expect(kit.birth.height).toBe(899_856);
  expect(kit.birth.time).toBe(wallet.openedAt?.toISOString());
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  const given = await house.give(wallet.id, wallet.customerId!);
  expect(given.address).toBe(deriveAddress(descriptor, 'receive', given.index).address);
  const events = await house.database.outboxEvent.findMany({ where: { subject: wallet.id } });
  expect(events.map(({ type }) => type)).toContain('wallet.recovery_kit_issued');
  const issued = await house.database.auditEntry.findFirst({
    where: { entity: wallet.id, action: 'wallet.issue_recovery_kit' },
  });
  expect(issued?.content).toContain(kit.checksum);
});

test('there is no kit before a wallet is open, and none of somebody else’s over HTTP', async () => {
  const { id } = await house.customer();
  const requested = await house.request(id);
  const row = await house.database.wallet.findUniqueOrThrow({ where: { id: idToUuid(requested) } });
  expect(row.birthHeight).toBeNull();
  await expect(issueRecoveryKit(house.parts, { ...wallet, id: requested }, TEST_CAUSE)).rejects.toMatchObject(
    {
      code: 'wallet_not_open',
    },
  );
  const { caller } = await newCustomer(bank());
  const foreign = await caller.send('POST', `/v1/wallets/${wallet.id}/recovery-kits`);
  expect(foreign).toMatchObject({ status: 404, body: { code: 'wallet_unknown' } });
});

test('a collaborative wallet’s kit carries the cold seed in escrow, once a station has wrapped it', async () => {
  const customer = await house.customer();
  // The wallet of the test before takes keys too.
  await house.stock(3);
  const own = attestedKey('escrow own', 'customer', customer.signer).attestation;
  const shared = await house.opened(await house.request(customer.id, 'collaborative', own));
  const { registration } = await readStationRegistration(house.database, shared.id);
  const cold = registration.keys.find(({ statement }) => statement.role === 'cold')!.statement;
  const fingerprint = cold.origin.slice(1, 9);
  const context = { keyId: keyIdOf(cold.xpub), role: 'cold', network: 'regtest', fingerprint } as const;
  const blob = sealEnvelope(Buffer.alloc(32, 7), context, fixtureMasters('key-4', 'key-5')).toString(
    'base64url',
  );
  const escrow = {
    ...{ purpose: 'escrow envelope', version: 1, network: 'regtest', wallet: shared.id, blob, fingerprint },
    ...{ keyId: context.keyId, lock: customer.credential, agent: 'Notary Ltd' },
  };
  const foreign = sealEnvelope(Buffer.alloc(32, 7), { ...context, keyId: 'ab'.repeat(16) }, fixtureMasters());
  for (const wrong of [
    { ...escrow, blob: foreign.toString('base64url') },
    { ...escrow, blob: 'bm90aGluZw' },
    { ...escrow, wallet: wallet.id },
  ]) {
    await expect(keepEscrow(house.parts, wrong, TEST_CAUSE)).rejects.toMatchObject({
      code: 'escrow_foreign',
    });
  }
  expect((await issueRecoveryKit(house.parts, shared, TEST_CAUSE)).kit.envelopes).toBeNull();
  await keepEscrow(house.parts, escrow, TEST_CAUSE);
  const { kit } = await issueRecoveryKit(house.parts, shared, TEST_CAUSE);
  await readKit(JSON.parse(JSON.stringify(kit)), house.scene.house.manifest);
  expect(kit.envelopes?.items).toMatchObject([{ role: 'cold', fingerprint, blob }]);
});
