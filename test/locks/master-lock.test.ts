import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { verifyLockCertificate } from '../../src/keyring/browser/index.ts';
import { LOCK_STATES } from '../../src/locks/lock-state-contract.ts';
import { decide, LOCK_COMMANDS, LOCK_TABLE } from '../../src/locks/master-lock.ts';
import { stepMasterLocks } from '../../src/locks/index.ts';
import { idToUuid } from '../../src/shared/index.ts';
import { signingCredentialsOf } from '../../src/wallets/index.ts';
import { testLock } from '../fixtures/master-locks.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';
import { CustodyHouse } from '../wallets/custody-house.ts';
import { codeOf, LockedHouse } from './locked-house.ts';

let house: CustodyHouse;
let office: LockedHouse;

beforeAll(async () => {
  house = await CustodyHouse.open();
  office = new LockedHouse(house);
});
afterAll(() => house.close());

test('the state table takes what it lists, and refuses every other step', () => {
  for (const state of LOCK_STATES) {
    for (const command of LOCK_COMMANDS) {
      const next = (LOCK_TABLE[state] as Record<string, string>)[command];
      if (next === undefined) expect(() => decide({ state }, command)).toThrow('cannot take this step');
      else expect(decide({ state }, command)).toBe(next);
    }
  }
});

describe('a master lock', () => {
  it('is in force when the signer has pinned it, with certificates that the manifest’s key issued', async () => {
    const { customer, lock } = await office.locked();
    const { state, certificates } = await office.read(lock);
    expect(state).toBe('in_force');
    const [platform] = house.scene.house.manifest.attestationKeys.platform;
    const raw = Buffer.from(platform?.algorithm === 'ed25519' ? platform.raw : '', 'base64url');
    const facts = { network: 'regtest', customer: customer.id, lock: lock.id, use: 'signing' } as const;
    const spki = Buffer.from(lock.signingSpki, 'base64url');
    const der = Buffer.from(certificates?.signing ?? '', 'base64url');
    await verifyLockCertificate(der, { ...facts, spki }, [raw]);
    expect(await office.events(lock.id)).toEqual(['credential.added', 'master_lock.registered']);
  });

  it('waits for the signer while that is away', async () => {
    const customer = await house.customer();
    const lock = testLock('key-1', 'key-2');
    await office.register(customer, office.document(customer, lock));
    await house.scene.stopSigners();
    await stepMasterLocks(office.parts);
    expect((await office.read(lock)).state).toBe('registering');
    expect(
      await codeOf(() => office.register(customer, office.document(customer, testLock('key-3', 'key-4')))),
    ).toBe('master_lock_being_registered');
    await house.scene.start();
    house.scene.clock.advance(120_000);
    await office.carryOn();
    expect((await office.read(lock)).state).toBe('in_force');
  });

  it('of another customer, with an exchanged half, or without a voucher is refused at once', async () => {
    const [ada, bob] = [await house.customer(), await house.customer()];
    const lock = testLock('key-1', 'key-2');
    const good = office.document(ada, lock);
    expect(await codeOf(() => office.register(bob, good))).toBe('master_lock_of_another');
    const { statement } = good.registration;
    const swapped = { ...statement, decryption: testLock('key-3', 'key-4').decryptionSpki };
    const exchanged = { ...good, registration: { ...good.registration, statement: swapped } };
    expect(await codeOf(() => office.register(ada, exchanged))).toBe('signature_wrong');
    const own = { id: lock.id, signer: lock.signing };
    const selfMade = office.document(ada, lock, { by: own });
    expect(await codeOf(() => office.register(ada, selfMade))).toBe('credential_pin_foreign');
    const old = office.document(ada, lock, { signedAt: office.now(-25 * 60) });
    expect(await codeOf(() => office.register(ada, old))).toBe('approval_out_of_time');
  });

  it('gives its place to another at its own word, and its credential goes with it', async () => {
    const { customer, lock, own } = await office.locked();
    const next = testLock('key-3', 'key-4');
    expect(await codeOf(() => office.register(customer, office.document(customer, next)))).toBe(
      'master_lock_not_in_place',
    );
    const silent = office.document(customer, next, { replaces: lock.id });
    expect(await codeOf(() => office.register(customer, silent))).toBe('master_lock_not_vouched_for');
    const vouched = { replaces: lock.id, previous: lock.signing, by: own };
    await office.register(customer, office.document(customer, next, vouched));
    expect((await office.read(lock)).state).toBe('in_force');
    await office.carryOn();
    expect(await office.read(lock)).toMatchObject({ state: 'ended', endReason: 'replaced' });
    expect((await office.read(next)).state).toBe('in_force');
    const left = (await signingCredentialsOf(house.database, customer.id)).map(({ id }) => id);
    expect(left).toContain(next.id);
    expect(left).not.toContain(lock.id);
  });

  it('ends at its own word and at nobody else’s', async () => {
    const { customer, lock, own } = await office.locked();
    const words = { purpose: 'revoke master lock', subject: lock.id } as const;
    const passkey = { id: customer.credential, signer: customer.signer };
    const foreign = office.statement(customer, passkey, words);
    expect(await codeOf(() => office.revoke(customer, lock.id, foreign))).toBe('signature_wrong');
    const stranger = await house.customer();
    const good = office.statement(customer, own, words);
    expect(await codeOf(() => office.revoke(stranger, lock.id, good))).toBe('master_lock_not_found');
    await office.revoke(customer, lock.id, good);
    expect((await office.read(lock)).state).toBe('revoking');
    await office.carryOn();
    expect(await office.read(lock)).toMatchObject({ state: 'ended', endReason: 'revoked' });
    expect(await office.events(lock.id)).toContain('master_lock.ended');
    const left = (await signingCredentialsOf(house.database, customer.id)).map(({ id }) => id);
    expect(left).toEqual([customer.credential]);
    // Another one may follow; it takes nobody's place.
    const next = testLock('key-3', 'key-4');
    await office.register(customer, office.document(customer, next));
    await office.carryOn();
    expect((await office.read(next)).state).toBe('in_force');
  });

  it('that only the database revoked stays in force in the signer, and comes back', async () => {
    const { customer, lock } = await office.locked();
    const thief = { id: lock.id, signer: testLock('key-5', 'key-6').signing };
    const forged = office.statement(customer, thief, { purpose: 'revoke master lock', subject: lock.id });
    await runAsSuperuser(
      house.scene.database,
      `UPDATE app.master_lock SET state = 'revoking', version = version + 1, next_step_at = now() - interval '30 years',
        revocation = '${JSON.stringify(forged)}' WHERE id = '${idToUuid(lock.id)}'`,
    );
    await office.carryOn();
    expect((await office.read(lock)).state).toBe('in_force');
    expect(await office.events(lock.id)).toEqual(
      expect.arrayContaining(['master_lock.refused', 'alert.raised']),
    );
  });
});
