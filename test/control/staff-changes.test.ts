import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settleStaffChanges, staffWatch } from '../../src/control/index.ts';
import { idToUuid, parseId, type StaffId } from '../../src/shared/index.ts';
import { Caller, freshEmail, newStaff, PASSWORD } from '../identity/support/bank.ts';
import { ControlHouse } from './control-house.ts';

let house: ControlHouse;
beforeAll(async () => {
  // Two entries of one person: the third approver is the second account of the first.
  house = await ControlHouse.open(({ approvers }) => ({
    approvers: approvers.map((entry, index) => (index === 2 ? { ...entry, person: 'approver 1' } : entry)),
  }));
});
afterAll(() => house.close());

interface Newcomer {
  readonly id: StaffId;
  readonly email: string;
  readonly caller: Caller;
}

/** An account that an administrator has added. */
async function newcomer(): Promise<Newcomer> {
  const { caller: admin } = await newStaff(house.bank, 'admin');
  const email = freshEmail();
  const added = await admin.send('POST', '/v1/staff', { email, displayName: 'Grace', password: PASSWORD });
  expect(added).toMatchObject({ status: 201, body: { roles: [] } });
  const caller = new Caller(house.bank);
  await caller.signIn(email, '/v1/staff/sessions');
  return { id: parseId('staff', added.body['id'] as string), email, caller };
}

function changesOf({ id }: Newcomer): string {
  return `/v1/staff/${id}/changes`;
}

const WISH = { roles: ['compliance', 'auditor'], reason: 'Grace begins on Monday.' };

async function mayList({ caller }: Newcomer): Promise<number> {
  return (await caller.send('GET', '/v1/customers')).status;
}

async function settle(): Promise<number> {
  return await settleStaffChanges(house.parts);
}

function uuid(id: string): string {
  return idToUuid(parseId('staff', id));
}

describe('roles', () => {
  test('are given by others than the one who asks, taken by one officer at once, and given back by the queue', async () => {
    const grace = await newcomer();
    expect(await mayList(grace)).toBe(403);
    const { intent } = await house.approved(changesOf(grace), WISH);
    expect(await mayList(grace)).toBe(403);
    expect(await settle()).toBe(1);
    expect(await mayList(grace)).toBe(200);
    expect(await house.state(intent)).toBe('executed');
    const officer = house.colleagues[0]!.caller;
    const path = `/v1/staff/${grace.id}/revocations`;
    const taken = await officer.send('POST', path, { roles: ['compliance'], reason: 'moved on' });
    expect(taken).toMatchObject({ status: 200, body: { roles: ['auditor'], suspended: false } });
    expect(await mayList(grace)).toBe(401);
    const suspended = await officer.send('POST', path, { reason: 'the laptop is lost' });
    expect(suspended).toMatchObject({ status: 200, body: { roles: ['auditor'], suspended: true } });
    expect((await grace.caller.signIn(grace.email, '/v1/staff/sessions')).status).toBe(401);
    await house.approved(changesOf(grace), WISH);
    await settle();
    await grace.caller.signIn(grace.email, '/v1/staff/sessions');
    expect(await mayList(grace)).toBe(200);
    const { database } = house.bank;
    const audited = await database.auditEntry.findMany({
      where: { action: 'staff.change', entity: grace.id },
    });
    const told = await database.outboxEvent.count({ where: { type: 'staff.changed', subject: grace.id } });
    expect([audited.length, told]).toEqual([4, 4]);
  });

  test('rejected ones are never given, and withdrawn ones neither', async () => {
    const grace = await newcomer();
    const rejected = await house.ask(changesOf(grace), WISH);
    await house.sign(rejected);
    await house.judge(rejected, 1, 'reject');
    const withdrawn = await house.ask(changesOf(grace), WISH);
    await house.sign(withdrawn);
    const cancel = `/v1/intents/${withdrawn.intent.id}/cancel`;
    const foreign = await house.colleagues[1]!.caller.send('POST', cancel, { reason: 'no' });
    expect(foreign.body['code']).toBe('queued_intent_of_another');
    const own = await house.colleagues[0]!.caller.send('POST', cancel, { reason: 'a mistake' });
    expect(own.body['state']).toBe('cancelled');
    expect(await settle()).toBe(0);
    expect(await mayList(grace)).toBe(403);
    // What is dead stands in nobody's way.
    await house.approved(changesOf(grace), WISH);
    await settle();
    expect(await mayList(grace)).toBe(200);
  });
});

describe('nobody', () => {
  test('asks for their own, nor for what is there already', async () => {
    const [first] = house.colleagues;
    const own = await first!.caller.send('POST', `/v1/staff/${first!.id}/changes`, WISH);
    expect(own.body['code']).toBe('staff_change_own');
    const path = `/v1/staff/${house.colleagues[1]!.id}/changes`;
    const same = await first!.caller.send('POST', path, { roles: ['officer'], reason: 'again' });
    expect(same.body['code']).toBe('staff_change_empty');
  });

  test('approves what they asked for, or what is about them, by a second account either', async () => {
    const grace = await newcomer();
    const asked = await house.ask(changesOf(grace), WISH);
    await house.sign(asked);
    expect((await house.judge(asked, 0)).body['code']).toBe('approver_is_requester');
    expect((await house.judge(asked, 2)).body['code']).toBe('approver_is_requester');
    const roles = ['compliance', 'officer', 'admin'];
    const about = await house.ask(`/v1/staff/${house.colleagues[0]!.id}/changes`, { ...WISH, roles }, 1);
    await house.sign(about, 1);
    expect((await house.judge(about, 0)).body['code']).toBe('approver_is_requester');
    expect((await house.judge(about, 2)).body['code']).toBe('approver_is_requester');
    expect(await settle()).toBe(0);
  });

  test('becomes an officer by a row: session and sign-in are refused, and operators hear of it', async () => {
    const grace = await newcomer();
    await house.tamper(`UPDATE app.staff SET roles = '{officer,admin}' WHERE id = '${uuid(grace.id)}'`);
    expect(await mayList(grace)).toBe(401);
    expect(await mayList(grace)).toBe(401);
    expect(await house.alerts(grace.id)).toEqual(['staff_standing_damaged']);
    expect((await grace.caller.signIn(grace.email, '/v1/staff/sessions')).status).toBe(401);
    expect(await house.alerts(grace.id)).toHaveLength(2);
    const { body } = await house.colleagues[0]!.caller.send('GET', '/v1/staff?limit=100');
    const shown = (body['items'] as { id: string; sealed: boolean }[]).find(({ id }) => id === grace.id);
    expect(shown?.sealed).toBe(false);
  });

  test('has a colleague’s standing copied to their account', async () => {
    const grace = await newcomer();
    await house.tamper(
      `UPDATE app.staff SET (roles, standing_number, standing_seal) =
         (SELECT roles, standing_number, standing_seal FROM app.staff WHERE id = '${uuid(house.colleagues[0]!.id)}')
       WHERE id = '${uuid(grace.id)}'`,
    );
    expect(await mayList(grace)).toBe(401);
    expect(await house.alerts(grace.id)).toEqual(['staff_standing_damaged']);
  });

  test('gets back what was taken by an old row with its seal: operators hear of it, once', async () => {
    const grace = await newcomer();
    await house.approved(changesOf(grace), WISH);
    await settle();
    const watch = staffWatch(house.parts);
    await watch();
    expect(await house.alerts(grace.id)).toEqual([]);
    const where = { id: uuid(grace.id) };
    const old = await house.bank.database.staff.findUniqueOrThrow({ where });
    const revocations = `/v1/staff/${grace.id}/revocations`;
    await house.colleagues[0]!.caller.send('POST', revocations, { reason: 'moved on' });
    const seal = Buffer.from(old.standingSeal ?? []).toString('hex');
    await house.tamper(
      `UPDATE app.staff SET disabled_at = NULL, standing_number = ${old.standingNumber},
         standing_seal = decode('${seal}', 'hex') WHERE id = '${uuid(grace.id)}'`,
    );
    await staffWatch(house.parts)();
    expect(await house.alerts(grace.id)).toEqual(['staff_standing_damaged']);
    // Within half a minute it does not look again.
    expect(await watch()).toBe(0);
  });
});

describe('an approved change', () => {
  test('serves once: put back into the queue it gives nothing any more', async () => {
    const grace = await newcomer();
    const { intent } = await house.approved(changesOf(grace), WISH);
    await settle();
    const officer = house.colleagues[0]!.caller;
    const all = { roles: WISH.roles, reason: 'moved on' };
    await officer.send('POST', `/v1/staff/${grace.id}/revocations`, all);
    const id = idToUuid(parseId('intent', intent.id));
    await house.tamper(`UPDATE app.queued_intent SET state = 'approved' WHERE id = '${id}'`);
    expect(await settle()).toBe(1);
    expect(await house.state(intent)).toBe('rejected');
    await grace.caller.signIn(grace.email, '/v1/staff/sessions');
    expect(await mayList(grace)).toBe(403);
  });

  test('serves nobody else: the account under the approved name was exchanged', async () => {
    const grace = await newcomer();
    const mallory = await newcomer();
    const { intent } = await house.approved(changesOf(grace), WISH);
    await house.tamper(
      `UPDATE app.staff SET email = email || '.old' WHERE id = '${uuid(grace.id)}';
       UPDATE app.staff SET email = '${grace.email}' WHERE id = '${uuid(mallory.id)}'`,
    );
    await settle();
    expect(await house.state(intent)).toBe('rejected');
    expect(await house.alerts(grace.id)).toEqual(['staff_standing_damaged']);
    expect(await mayList(mallory)).toBe(401);
  });

  test('that nobody approved is rejected, whatever the row says, and operators hear of it', async () => {
    const grace = await newcomer();
    const asked = await house.ask(changesOf(grace), WISH);
    await house.sign(asked);
    const id = idToUuid(parseId('intent', asked.intent.id));
    await house.tamper(`UPDATE app.queued_intent SET state = 'approved' WHERE id = '${id}'`);
    expect(await settle()).toBe(1);
    expect(await house.state(asked.intent)).toBe('rejected');
    expect(await house.alerts(asked.intent.id)).toEqual(['approvals_insufficient']);
    expect(await mayList(grace)).toBe(403);
  });
});
