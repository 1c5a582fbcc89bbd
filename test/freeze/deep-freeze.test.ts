import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { requireAllowed } from '../../src/freeze/index.ts';
import { deepFreezeByCustomer, requestDeepFreeze } from '../../src/freeze/request-deep-freeze.ts';
import type { RestrictionId } from '../../src/freeze/restriction.ts';
import { intentHash, toBase64Url, type CustomerStatement } from '../../src/intents/index.ts';
import { keyIdOf, masterPublicKeyFrom, openEnvelope, sealForTransport } from '../../src/keyring/index.ts';
import { newId, parseId } from '../../src/shared/index.ts';
import { THAW_DELAY_MS } from '../../src/signer/thaw.ts';
import { fixtureMasters } from '../fixtures/masters.ts';
import { House, pay, SOMEBODY, type Owner } from '../withdrawals/support/house.ts';
import { FrozenHouse } from './frozen-house.ts';

let house: House;
let office: FrozenHouse;
let ada: Owner;
let file: Awaited<ReturnType<FrozenHouse['giveMasterLock']>>;

beforeAll(async () => {
  house = await House.open();
  office = new FrozenHouse(house);
  ada = await house.owner();
  file = await office.giveMasterLock(ada.customer);
  await house.deposit(ada, 'vault', 3_000_000n);
});
afterAll(() => house.close());

async function frozenBy(statement: CustomerStatement): Promise<RestrictionId> {
  const it = { id: newId('restriction'), customer: ada.customer.id, statement };
  await inTransaction(house.database, (tx) => deepFreezeByCustomer(house.parts, tx, it, SOMEBODY));
  await office.settle();
  return it.id;
}

/** Officers at their station, with what the signer asks for. */
async function bringBack(restriction: RestrictionId): Promise<void> {
  const { signer, scene } = house.chain.house;
  const { statement } = (await signer.transportKey({ restriction })).transport;
  const recipient = masterPublicKeyFrom(Buffer.from(statement.spki, 'base64url'));
  for (const { wallet, xpub, origin } of statement.keys) {
    const context = {
      ...{ keyId: keyIdOf(xpub), role: 'platform', network: 'regtest' },
      fingerprint: origin.slice(1, 9),
    };
    const blob = await readFile(join(scene.directory, 'site-b', `platform-${keyIdOf(xpub)}.envelope`));
    const entropy = openEnvelope(blob, context, fixtureMasters());
    const envelope = toBase64Url(sealForTransport(entropy, context, recipient));
    await signer.returnKey({ key: { purpose: 'returned key', restriction, wallet, envelope } });
  }
}

function refusedNow(): Promise<boolean> {
  return requireAllowed(house.database, ada.customer.id, 'withdraw').then(
    () => false,
    () => true,
  );
}

describe('a customer who freezes deeply', () => {
  test('by another key than the master lock’s is not frozen, and hears so', async () => {
    const passkey = { id: ada.customer.credential, signing: ada.customer.signer };
    const word = await office.statement(ada.customer.id, ada.customer.id, passkey, 'deep freeze');
    const id = await frozenBy(word);
    expect((await office.read(id)).state).toBe('released');
    expect(await refusedNow()).toBe(false);
    const audit = await house.database.auditEntry.findFirst({
      where: { entity: id, action: 'restriction.released' },
    });
    expect(audit?.content).toContain('not made with the customer’s master lock');
  });

  test('gets our keys back by officers, three days and the same lock, and only so', async () => {
    const { customer } = ada;
    const { id: withdrawal, intent } = await house.awaitingCosigner(ada, { to: pay(120_000n) });
    const id = await frozenBy(await office.statement(customer.id, customer.id, file, 'deep freeze'));
    expect((await office.read(id)).state).toBe('in_force');
    expect(await refusedNow()).toBe(true);
    await house.later();
    await house.later();
    expect(await house.state(withdrawal)).toBe('awaiting_approval');
    await house.cancel(intent);
    // Officers alone: the signer misses the customer's word, and all is as it was.
    await office.release(id);
    expect((await office.read(id)).state).toBe('in_force');
    await office.unlock(id, await office.statement(customer.id, id, file));
    expect(await office.read(id)).toMatchObject({ state: 'in_force', releaseIntent: null });
    await office.release(id);
    expect((await office.read(id)).state).toBe('releasing');
    house.chain.house.scene.clock.advance(THAW_DELAY_MS);
    await office.settle();
    expect((await office.read(id)).state).toBe('releasing');
    await bringBack(id);
    house.chain.house.scene.clock.advance(120_000);
    await office.settle();
    expect((await office.read(id)).state).toBe('released');
    expect(await refusedNow()).toBe(false);
    const paid = await house.broadcast(ada, { to: pay(90_000n) });
    expect(await house.state(paid.id)).toBe('broadcast');
  });
});

describe('officers', () => {
  test('freeze deeply by a quorum, and nothing happens before it is met', async () => {
    const [asker] = office.officers;
    house.chain.house.scene.clock.advance(1_000);
    const asked = {
      ...{ intent: newId('intent'), restriction: newId('restriction'), customer: ada.customer.id },
      ...{ requester: asker!.id, text: 'Please call us.', reason: 'the host may be lost' },
    };
    const { intent } = await inTransaction(house.database, (tx) =>
      requestDeepFreeze(house.parts, tx, asked, SOMEBODY),
    );
    await office.settle();
    expect(
      await house.database.restriction.count({ where: { kind: 'deep_freeze', state: 'freezing' } }),
    ).toBe(0);
    await office.signRequest(intent, 0);
    await house.judge(intent, 1);
    await office.settle();
    const restriction = await office.read(asked.restriction);
    expect(restriction).toMatchObject({
      state: 'in_force',
      openedBy: asker!.id,
      publicText: 'Please call us.',
    });
    expect(restriction.orderedBy).toEqual({ intent: parseId('intent', intent.id) });
    const { signer } = house.chain.house;
    const alerts = (await signer.alerts({ after: 0, limit: 500 })).alerts.filter(
      ({ kind }) => kind === 'deep_freeze',
    );
    expect(alerts.at(-1)?.text).toContain(`Erases the platform keys of ${ada.customer.id}`);
    expect(intentHash(intent)).toMatch(/^[0-9a-f]{64}$/);
  });
});
