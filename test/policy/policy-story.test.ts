import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  PolicyInForce,
  screenListed,
  verifyPolicies,
  watchOrigins,
  watchPeople,
} from '../../src/policy/index.ts';
import { listAddress } from '../../src/policy/listed-addresses.ts';
import type { PolicyDocument, PolicyRule } from '../../src/policy/policy-document-contract.ts';
import { simulate } from '../../src/policy/simulate-draft.ts';
import { inTransaction } from '../../src/database/index.ts';
import { idToUuid, newId, parseId } from '../../src/shared/index.ts';
import { House, pay, PAYEE, POLICY, SOMEBODY, type Owner } from '../withdrawals/support/house.ts';
import { rule } from './documents.ts';
import { PolicedHouse } from './policed-house.ts';

let house: House;
let office: PolicedHouse;
let ada: Owner;

beforeAll(async () => {
  house = await House.open();
  office = new PolicedHouse(house);
  ada = await house.owner();
  await house.deposit(ada, 'vault', 9_000_000n);
});
afterAll(() => house.close());

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'done';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

/** The policy of the house with rules before the others. */
function withRules(...rules: PolicyRule[]): PolicyDocument {
  return { ...POLICY, rules: [...rules, ...POLICY.rules] };
}

/** The same for little amounts, with another outcome. */
function little(document: PolicyDocument, then: PolicyRule['then']): PolicyDocument {
  return { ...document, rules: document.rules.map((it) => (it.name === 'small' ? { ...it, then } : it)) };
}

const two: PolicyRule['then'] = { outcome: 'approvals', approvals: 2, roles: ['compliance'] };

/** Asked for and signed; nobody has looked at it. */
async function asked(days = 1, to = PAYEE) {
  const { id, intent } = await house.ask(ada, { to: pay(100_000n, to), lifetimeMs: days * 86_400_000 });
  await house.sign(ada, intent);
  await house.carryOn();
  return { id, intent };
}

async function end(intent: Awaited<ReturnType<typeof asked>>['intent']): Promise<void> {
  await house.cancel(intent);
  await house.later();
}

describe('a tighter policy', () => {
  test('takes effect at once, and what was approved before is asked anew before it is built', async () => {
    const before = await office.inForce();
    const { id, intent } = await asked();
    // Approved, and not built yet.
    await house.judge(intent);
    const changed = await office.change(little(POLICY, two));
    expect(changed).toMatchObject({ version: before.number + 1, intentId: null });
    await house.later();
    expect(await house.state(id)).toBe('awaiting_approval');
    expect(await house.intentState(intent)).toBe('open');
    await house.judge(intent, 0);
    await house.carryOn();
    expect(await house.state(id)).toBe('awaiting_approval');
    await house.judge(intent, 1);
    await house.carryOn();
    expect(await house.state(id)).toBe('awaiting_cosigner');
    await end(intent);
  });

  test('that denies ends what was approved before', async () => {
    const { id, intent } = await asked();
    await house.judge(intent, 0);
    await house.judge(intent, 1);
    const { document } = await office.inForce();
    const deny = rule('stop', { because: 'Nothing leaves today.', then: { outcome: 'deny' } });
    await office.change({ ...document, rules: [deny, ...document.rules] });
    await house.later();
    await house.later();
    expect(await house.state(id)).toBe('rejected');
    expect((await house.row(id)).endReason).toContain('Rule “stop”: Nothing leaves today.');
  });
});

describe('a looser policy', () => {
  test('waits for others than whoever proposed it, and rests after that', async () => {
    const before = await office.inForce();
    const proposed = await office.change(POLICY);
    expect(proposed.version).toBeNull();
    const intent = await office.intentOf(proposed);
    expect(intent).toMatchObject({
      kind: 'policy_change',
      policyVersion: before.number,
      body: { replaces: before.number },
    });
    expect(await codeOf(() => house.judge(intent, 0))).toBe('approver_is_requester');
    await house.judge(intent, 1);
    expect(await office.settle()).toBe(0);
    expect(await office.settle(23)).toBe(0);
    expect((await office.inForce()).number).toBe(before.number);
    expect(await office.settle(1)).toBe(1);
    expect((await office.inForce()).number).toBe(before.number + 1);
    expect((await office.find(proposed)).version).toBe(before.number + 1);
    expect(await house.intentState(intent)).toBe('executed');
    const events = await office.parts.database.outboxEvent.count({
      where: { type: 'policy.changed', subject: proposed.id },
    });
    expect(events).toBe(1);
  });

  test('that would make its own approval easier is approved by the rules before it', async () => {
    const change = (approvals: number) =>
      withRules(
        rule('changes', {
          when: { kinds: ['policy_change'] },
          then: { outcome: 'approvals', approvals, roles: ['compliance'] },
        }),
      );
    await office.change(change(2));
    const { number } = await office.inForce();
    const itself = await office.change(change(1));
    const intent = await office.intentOf(itself);
    await house.judge(intent, 1);
    expect(await house.intentState(intent)).toBe('open');
    expect(await office.settle(48)).toBe(0);
    await house.judge(intent, 2);
    expect(await house.intentState(intent)).toBe('approved');
    expect(await office.settle(24)).toBe(1);
    expect((await office.inForce()).number).toBe(number + 1);
  });

  test('is void when another policy is in force by then', async () => {
    const proposed = await office.change(POLICY);
    const intent = await office.intentOf(proposed);
    await house.judge(intent, 1);
    const { document } = await office.inForce();
    await office.change({ ...document, loosening: { delayHours: 30 } });
    const { number } = await office.inForce();
    expect(await office.settle(48)).toBe(1);
    expect(await house.intentState(intent)).toBe('rejected');
    expect((await office.inForce()).number).toBe(number);
  });

  test('can be rejected by anybody who may approve, while it rests', async () => {
    const proposed = await office.change(POLICY);
    const intent = await office.intentOf(proposed);
    await house.judge(intent, 1);
    await house.judge(intent, 2, 'reject');
    expect(await office.settle(48)).toBe(0);
    expect(await house.intentState(intent)).toBe('rejected');
  });

  test('that only the database approved changes nothing and is reported', async () => {
    const { number } = await office.inForce();
    const proposed = await office.change(POLICY);
    const intent = await office.intentOf(proposed);
    await office.tamper(
      `UPDATE app.queued_intent SET state = 'approved', version = version + 1 WHERE id = '${idToUuid(intent.id as never)}'`,
    );
    await office.settle(48);
    expect((await office.inForce()).number).toBe(number);
    expect(await house.intentState(intent)).toBe('open');
    const alerts = await office.parts.database.outboxEvent.findMany({
      where: { type: 'alert.raised', subject: intent.id },
    });
    expect(alerts.map(({ content }) => content)).toEqual([expect.stringContaining('approvals_insufficient')]);
    await house.cancel(intent);
  });
});

describe('a draft', () => {
  test('is proposed once, and only on the policy that it was written for', async () => {
    const { document } = await office.inForce();
    const longer = (delayHours: number) => ({ ...document, loosening: { delayHours } });
    const [first, second] = [await office.draft(longer(40)), await office.draft(longer(50))];
    await office.propose(first.id);
    expect(await codeOf(() => office.propose(first.id))).toBe('policy_draft_settled');
    expect(await codeOf(() => office.propose(second.id))).toBe('policy_draft_outdated');
    expect(await codeOf(() => office.draft(longer(40)))).toBe('policy_unchanged');
  });

  test('that nobody could meet is refused', async () => {
    const impossible = withRules(rule('five', { then: { ...two, approvals: 5 } }));
    expect(await codeOf(() => office.draft(impossible))).toBe('policy_unmeetable');
  });

  test('with a list that would never match is refused', async () => {
    const { document } = await office.inForce();
    for (const address of [PAYEE.toUpperCase(), '12QtD5BFwRsdNsAZY76UVE1xyCGNTojH9h', 'nothing at all']) {
      const lists = [{ name: 'partners', addresses: [address] }];
      expect(await codeOf(() => office.draft({ ...document, lists }))).toBe('policy_conflicting');
    }
  });

  test('is simulated over what was judged', async () => {
    const { document } = await office.inForce();
    const count = await office.parts.database.policyAdmission.count();
    const now = office.parts.clock.nowMs();
    const period = { from: new Date(now - 30 * 86_400_000), until: new Date(now + 1) };
    const deny = rule('none', { then: { outcome: 'deny' } });
    const simulation = await inTransaction(office.parts.database, (tx) =>
      simulate(tx, document, { ...document, rules: [deny, ...document.rules] }, period),
    );
    expect(count).toBeGreaterThan(0);
    expect(simulation).toMatchObject({ judged: count, different: count, truncated: false });
    expect(simulation.shown[0]?.after).toContain('denied: Rule “none”');
    const same = await inTransaction(office.parts.database, (tx) => simulate(tx, document, document, period));
    expect(same.different).toBe(0);
  });
});

describe('an intent', () => {
  test('asked for under a tighter policy does not profit from a looser one', async () => {
    const { document } = await office.inForce();
    await office.change(little(document, two));
    const { id, intent } = await asked(10);
    const change = await office.intentOf(await office.change(document));
    await house.judge(change, 1);
    expect(await office.settle(60)).toBe(1);
    expect((await office.inForce()).document).toEqual(document);
    await house.judge(intent, 0);
    await house.carryOn();
    expect(await house.intentState(intent)).toBe('open');
    await house.judge(intent, 1);
    await house.carryOn();
    expect(await house.state(id)).toBe('awaiting_cosigner');
    await end(intent);
  });

  test('that names a version which is not in force is denied', async () => {
    const { intent } = await asked();
    const { policy } = office.parts;
    const judged = await inTransaction(office.parts.database, (tx) =>
      policy.evaluate(tx, { ...intent, policyVersion: 1_000 }, office.manifest),
    );
    expect(judged).toMatchObject({ outcome: 'deny' });
    const nought = await inTransaction(office.parts.database, (tx) =>
      policy.evaluate(tx, { ...intent, policyVersion: 0 }, office.manifest),
    );
    expect(nought).toMatchObject({ outcome: 'deny' });
    await end(intent);
  });
});

describe('a limit on what leaves within a day', () => {
  /** 100,000 and a fee of 20,000 at most. */
  const twice = { per: 'customer', hours: 24, satoshis: { from: '240000' } } as const;

  test('has room for one, whichever of two at once comes first, and again when that one has ended', async () => {
    const { document } = await office.inForce();
    const cap = rule('cap', {
      because: 'It is enough for today.',
      when: { velocity: [twice] },
      then: { outcome: 'deny' },
    });
    await office.change({ ...document, rules: [cap, ...document.rules] });
    const asks = await Promise.all(
      [1, 2].map(async () => await house.ask(ada, { to: pay(100_000n), lifetimeMs: 86_400_000 })),
    );
    const { policy } = office.parts;
    const outcomes = await Promise.all(
      asks.map(({ intent }) =>
        inTransaction(office.parts.database, (tx) => policy.admit(tx, intent, office.manifest)),
      ),
    );
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['approvals', 'deny']);
    // Judged again, each gets the answer that it got, whatever came after it.
    const again = await Promise.all(
      asks.map(({ intent }) =>
        inTransaction(office.parts.database, (tx) => policy.evaluate(tx, intent, office.manifest)),
      ),
    );
    expect(again).toEqual(outcomes);
    const third = await asked();
    await house.later();
    expect(await house.state(third.id)).toBe('rejected');
    for (const { intent } of asks) await end(intent);
    const fourth = await asked();
    expect(await house.state(fourth.id)).toBe('awaiting_approval');
    await end(fourth.intent);
  });
});

test('what is on its way to an address is stopped when the address is listed, and people hear of it', async () => {
  const { database, clock } = office.parts;
  const address = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';
  const { id, intent } = await asked(1, address);
  const listing = {
    ...{
      id: newId('listing'),
      address,
      reputation: 'blocked' as const,
      reference: 'Case 7',
      reason: 'Fraud',
    },
    expiresAt: new Date(clock.nowMs() + 86_400_000),
  };
  await inTransaction(database, (tx) =>
    listAddress({ clock, network: 'regtest' }, tx, listing, newId('staff'), SOMEBODY),
  );
  expect(await screenListed(office.parts)).toBe(1);
  expect(await screenListed(office.parts)).toBe(0);
  expect(await office.alerts(intent.id)).toEqual(['destination_listed']);
  await house.later();
  expect(await house.state(id)).toBe('rejected');
  expect((await house.row(id)).endReason).toContain('Rule “listed”');
  // Past its end it stops nothing any more.
  house.chain.house.scene.clock.advance(86_400_000);
  const later = await asked(1, address);
  expect(await house.state(later.id)).toBe('awaiting_approval');
  await end(later.intent);
});

test('every version was put in force rightly; one that only a database administrator wrote is found out', async () => {
  const { parts } = office;
  while ((await watchOrigins(parts)) > 0);
  expect(await office.alerts('policy')).toEqual([]);
  const { number, document } = await office.inForce();
  expect(await parts.database.policyOrigin.count({ where: { problem: null } })).toBe(number - 1);
  const manifests = [office.manifest];
  const evidence = await inTransaction(parts.database, (tx) => parts.policy.evidence(tx, [number]));
  const trust = { manifests, nowMs: parts.clock.nowMs(), initial: POLICY };
  expect((await verifyPolicies(evidence, trust)).at(-1)).toMatchObject({ number });

  // Well-formed, with its right hash, and looser than anything that people approved.
  const open: PolicyDocument = { ...POLICY, rules: [rule('all')] };
  const tighter: PolicyDocument = { ...document, loosening: { delayHours: 300 } };
  for (const [forged, says] of [
    [open, 'Nobody approved version'],
    [tighter, 'The audit log does not know'],
  ] as const) {
    const [{ hash }, draft, next] = [
      await parts.policy.current(parts.database),
      await office.draft(forged),
      number + 1,
    ];
    await office.tamper(`
      INSERT INTO app.policy_version (number, document, hash, previous_hash, draft_id, proposed_by, loosens, in_force_at)
      SELECT ${next}, document, hash, '${hash}', id, created_by, false, created_at FROM app.policy_draft
      WHERE id = '${idToUuid(draft.id)}'`);
    const fresh = { ...parts, policy: new PolicyInForce({ clock: parts.clock, initial: POLICY }) };
    expect(await watchOrigins(fresh)).toBe(1);
    expect(await watchOrigins(fresh)).toBe(0);
    const { problem } = await parts.database.policyOrigin.findUniqueOrThrow({ where: { number: next } });
    expect(problem).toContain(says);
    await office.tamper(`DELETE FROM app.policy_version WHERE number = ${next};
      DELETE FROM app.policy_origin WHERE number = ${next}`);
  }
  expect(await office.alerts('policy')).toEqual(['policy_unaccounted', 'policy_unaccounted']);
});

test('when somebody leaves whom the policy needs, people hear of it once', async () => {
  const { document } = await office.inForce();
  await office.change(little(document, { ...two, approvals: 3 }));
  await watchPeople(office.parts);
  expect(await office.alerts('policy')).not.toContain('policy_unmeetable');
  const { approvers } = office.manifest;
  office.manifest = { ...office.manifest, number: office.manifest.number + 1, approvers: approvers.slice(1) };
  await watchPeople(office.parts);
  await watchPeople(office.parts);
  const alerts = async () => (await office.alerts('policy')).filter((code) => code === 'policy_unmeetable');
  expect(await alerts()).toHaveLength(1);

  // Whose account is suspended signs nothing either, though the manifest still names them.
  office.manifest = { ...office.manifest, number: office.manifest.number + 1, approvers };
  await watchPeople(office.parts);
  expect(await alerts()).toHaveLength(1);
  const [id, createdAt] = [idToUuid(parseId('staff', approvers[0]!.id)), new Date()];
  const row = { id, createdAt, email: 'gone@bank.example', displayName: 'Gone', roles: ['compliance'] };
  await office.parts.database.staff.create({ data: { ...row, disabledAt: createdAt } });
  await watchPeople(office.parts);
  await watchPeople(office.parts);
  expect(await alerts()).toHaveLength(2);
});

test('a policy that was rewritten in the database judges nothing', async () => {
  const { intent } = await asked();
  const { number } = await office.inForce();
  const allowAll = JSON.stringify({ ...POLICY, rules: [rule('all')] }).replaceAll("'", "''");
  await office.tamper(`UPDATE app.policy_version SET document = '${allowAll}' WHERE number = ${number}`);
  const fresh = new PolicyInForce({ clock: office.parts.clock, initial: POLICY });
  const judged = codeOf(() =>
    inTransaction(office.parts.database, (tx) => fresh.evaluate(tx, intent, office.manifest)),
  );
  expect(await judged).toBe('policy_damaged');
});
