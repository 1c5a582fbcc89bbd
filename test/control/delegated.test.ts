import { afterAll, beforeAll, expect, test } from 'vitest';
import { settleStaffChanges } from '../../src/control/index.ts';
import { delegationDigest, type Delegation } from '../../src/intents/index.ts';
import { isoTime } from '../../src/shared/index.ts';
import { freshEmail, newStaff, PASSWORD } from '../identity/support/bank.ts';
import { ControlHouse } from './control-house.ts';

const MINUTE_MS = 60_000;

let house: ControlHouse;
beforeAll(async () => {
  // The third approver is an officer, and officers alone approve roles of staff.
  house = await ControlHouse.open(({ approvers, controlRules }) => ({
    approvers: approvers.map((entry, index) => (index === 2 ? { ...entry, role: 'officer' } : entry)),
    controlRules: controlRules.map((rule) => ({ ...rule, roles: ['officer'] })),
  }));
});
afterAll(() => house.close());

function delegation(minutes: number): Delegation {
  const nowMs = house.bank.clock.nowMs();
  const { signer } = house.trust.approvers[2]!;
  const statement: Delegation['statement'] = {
    ...{ purpose: 'delegation', network: 'regtest', role: 'officer', kinds: ['staff_change'] },
    ...{ delegator: house.colleagues[2]!.id, delegate: house.colleagues[1]!.id },
    from: isoTime(nowMs - 10 * MINUTE_MS),
    until: isoTime(nowMs + minutes * MINUTE_MS),
  };
  return { statement, signature: signer.sign(delegationDigest(statement)) };
}

async function asked() {
  const { caller: admin } = await newStaff(house.bank, 'admin');
  const account = { email: freshEmail(), displayName: 'Grace', password: PASSWORD };
  const added = await admin.send('POST', '/v1/staff', account);
  const path = `/v1/staff/${added.body['id'] as string}/changes`;
  const wish = await house.ask(path, { roles: ['auditor'], reason: 'Grace begins.' });
  await house.sign(wish);
  return wish;
}

test('an approval in the place of an officer is taken, kept, and carries the change to its end', async () => {
  const wish = await asked();
  const own = await house.judge(wish, 1);
  expect(own.body['state']).toBe('open');
  const other = await asked();
  const judged = await house.judge(other, 1, 'approve', delegation(60));
  expect(judged.body['state']).toBe('approved');
  expect(await settleStaffChanges(house.parts)).toBe(1);
  expect(await house.state(other.intent)).toBe('executed');
});

test('a delegation that is over serves nothing', async () => {
  const wish = await asked();
  const late = await house.judge(wish, 1, 'approve', delegation(-1));
  expect(late.body['code']).toBe('delegation_refused');
  expect((await house.judge(wish, 0, 'approve', delegation(60))).body['code']).toBe('approver_is_requester');
  expect(await settleStaffChanges(house.parts)).toBe(0);
});
