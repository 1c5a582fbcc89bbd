import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { RECOVERY_STATES } from '../../src/locks/lock-recovery-contract.ts';
import { decideRecovery, RECOVERY_COMMANDS, RECOVERY_TABLE } from '../../src/locks/lock-recovery.ts';
import { idToUuid } from '../../src/shared/index.ts';
import { signingCredentialsOf } from '../../src/wallets/index.ts';
import { testLock } from '../fixtures/master-locks.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';
import { CustodyHouse } from '../wallets/custody-house.ts';
import { codeOf, LockedHouse } from './locked-house.ts';

const DAY_MS = 24 * 3_600_000;
let house: CustodyHouse;
let office: LockedHouse;

beforeAll(async () => {
  house = await CustodyHouse.open();
  office = new LockedHouse(house);
});
afterAll(() => house.close());

const fresh = () => testLock('key-3', 'key-4');

test('the state table takes what it lists, and refuses every other step', () => {
  for (const state of RECOVERY_STATES) {
    for (const command of RECOVERY_COMMANDS) {
      const next = (RECOVERY_TABLE[state] as Record<string, string>)[command];
      if (next === undefined)
        expect(() => decideRecovery({ state }, command)).toThrow('cannot take this step');
      else expect(decideRecovery({ state }, command)).toBe(next);
    }
  }
});

describe('the way back for a lost file', () => {
  it('gives a new lock after 14 days, when staff asked and two officers approved', async () => {
    const { customer, lock } = await office.locked();
    const next = fresh();
    const id = await office.askRecovery(customer, lock, next);
    await office.approve(id, office.people.officers[0]!);
    await office.carryOn();
    expect(await codeOf(() => office.recovery(id))).toBe('lock_recovery_not_found');
    await office.approve(id, office.people.officers[1]!);
    await office.carryOn();
    const waiting = await office.recovery(id);
    expect(waiting.state).toBe('waiting');
    expect(waiting.readyAt!.getTime() - waiting.startedAt!.getTime()).toBe(14 * DAY_MS);
    expect(await office.events(lock.id)).toContain('master_lock.recovery_began');
    house.scene.clock.advance(14 * DAY_MS - 60_000);
    await office.carryOn();
    expect((await office.recovery(id)).state).toBe('waiting');
    house.scene.clock.advance(120_000);
    await office.carryOn();
    expect((await office.recovery(id)).state).toBe('completed');
    expect(await office.read(lock)).toMatchObject({ state: 'ended', endReason: 'recovered' });
    expect(await office.read(next)).toMatchObject({ state: 'in_force', replaces: lock.id });
    const left = (await signingCredentialsOf(house.database, customer.id)).map((key) => key.id);
    expect(left).toEqual([customer.credential, next.id]);
    // The new lock speaks for the customer from now on.
    const words = { purpose: 'revoke master lock', subject: next.id } as const;
    const own = { id: next.id, signer: next.signing };
    await office.revoke(customer, next.id, office.statement(customer, own, words));
    await office.carryOn();
    expect(await office.read(next)).toMatchObject({ state: 'ended', endReason: 'revoked' });
  });

  it.each(['a passkey', 'the old file'])('is stopped by %s', async (by) => {
    const { customer, lock, own } = await office.locked();
    const id = await office.recovering(customer, lock, fresh());
    const stranger = await house.customer();
    const foreign = { id: stranger.credential, signer: stranger.signer };
    expect(await codeOf(() => office.object(stranger, foreign, id))).toBe('lock_recovery_not_found');
    expect(await codeOf(() => office.object(customer, foreign, id))).toBe('request_not_signed_by_customer');
    const passkey = { id: customer.credential, signer: customer.signer };
    await office.object(customer, by === 'a passkey' ? passkey : own, id);
    await office.carryOn();
    expect((await office.recovery(id)).state).toBe('cancelled');
    house.scene.clock.advance(15 * DAY_MS);
    await office.carryOn();
    expect((await office.read(lock)).state).toBe('in_force');
    expect(await codeOf(() => office.object(customer, passkey, id))).toBe('lock_recovery_ended');
  });

  it('ends when the old file turns up and gives its place to another lock', async () => {
    const { customer, lock, own } = await office.locked();
    const id = await office.recovering(customer, lock, fresh());
    expect(await codeOf(() => office.askRecovery(customer, lock, testLock('key-5', 'key-6')))).toBe(
      'lock_recovery_under_way',
    );
    const next = testLock('key-5', 'key-6');
    const vouched = { replaces: lock.id, previous: lock.signing, by: own };
    await office.register(customer, office.document(customer, next, vouched));
    await office.carryOn();
    expect((await office.recovery(id)).state).toBe('superseded');
    expect((await office.read(next)).state).toBe('in_force');
  });

  it('is not for a lock that is not the customer’s last one, and not with a key in use', async () => {
    const { customer, lock } = await office.locked();
    const other = await office.locked(['key-5', 'key-6']);
    expect(await codeOf(() => office.askRecovery(customer, other.lock, fresh()))).toBe(
      'master_lock_not_in_place',
    );
    const used = testLock('key-3', 'key-4', customer.credential);
    expect(await codeOf(() => office.askRecovery(customer, lock, used))).toBe('master_lock_key_differs');
  });

  it('that only the database approved is refused by the signer', async () => {
    const { customer, lock } = await office.locked();
    const id = await office.askRecovery(customer, lock, fresh());
    await runAsSuperuser(
      house.scene.database,
      `SET session_replication_role = replica;
       UPDATE app.queued_intent SET state = 'approved', version = version + 1 WHERE id = '${idToUuid(id)}'`,
    );
    await office.carryOn();
    expect((await office.recovery(id)).state).toBe('refused');
    expect((await office.read(lock)).state).toBe('in_force');
  });

  it('is not shortened by a writer to the database', async () => {
    const { customer, lock } = await office.locked();
    const id = await office.recovering(customer, lock, fresh());
    const edit = `UPDATE app.lock_recovery SET next_step_at = now() - interval '30 years' WHERE intent_id = '${idToUuid(id)}'`;
    await runAsSuperuser(house.scene.database, edit);
    await office.carryOn();
    expect(await office.recovery(id)).toMatchObject({
      state: 'waiting',
      obstacle: 'The 14 days are not over.',
    });
    expect((await office.read(lock)).state).toBe('in_force');
  });
});
