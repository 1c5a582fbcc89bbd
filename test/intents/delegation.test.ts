import { describe, expect, test } from 'vitest';
import {
  delegationDigest,
  delegationHash,
  verifyApproval,
  verifyApprovals,
  type Approval,
  type Delegation,
  type Manifest,
  type QuorumRule,
} from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import { approval, at, institution, NOW, releaseIntent } from '../fixtures/intents.ts';

const house = institution();
type Person = (typeof house.approvers)[number];
const [asker, first, second] = house.approvers as [Person, Person, Person];
const [boss, other] = house.officers as [Person, Person];

/** The first officer approves too, as an officer; the officers' keys are approvers' keys here. */
const manifest: Manifest = {
  ...house.manifest,
  approvers: [
    ...house.manifest.approvers,
    ...[boss, other].map(({ id, person, signer }) => ({
      ...{ id, person, key: signer.publicKey },
      role: 'officer' as const,
    })),
  ],
};
const intent = releaseIntent(house, asker.id);
const OFFICERS: QuorumRule = { approvals: 1, roles: ['officer'], localApprovals: 0 };
const TWO: QuorumRule = { approvals: 2, roles: ['compliance', 'officer'], localApprovals: 0 };

function delegation(
  from: Person = boss,
  to: Person = first,
  change: Partial<Delegation['statement']> = {},
): Delegation {
  const statement: Delegation['statement'] = {
    ...{ purpose: 'delegation', network: 'regtest', delegator: from.id, delegate: to.id },
    ...{ role: 'officer', kinds: ['release'], from: at(-60), until: at(60) },
    ...change,
  };
  return { statement, signature: from.signer.sign(delegationDigest(statement)) };
}

function under(given: Delegation, by: Person = first, change: Partial<Approval['statement']> = {}): Approval {
  const named = { delegation: delegationHash(given.statement), ...change };
  return { ...approval(intent, by, named), delegation: given };
}

function count(rule: QuorumRule, ...approvals: Approval[]): Promise<readonly string[]> {
  return verifyApprovals(intent, approvals, manifest, NOW, rule).then(({ people }) => people);
}

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
}

describe('under a delegation', () => {
  test('an approval counts as one of the delegator’s role, by the delegate’s own person', async () => {
    expect(await codeOf(() => count(OFFICERS, approval(intent, first)))).toBe('approvals_insufficient');
    expect(await count(OFFICERS, under(delegation()))).toEqual([first.person]);
  });

  test('nobody counts twice: neither who has spoken nor who was spoken for', async () => {
    const given = delegation();
    const both = [under(given), approval(intent, boss)];
    expect(await codeOf(() => count(TWO, ...both))).toBe('approvals_insufficient');
    expect(await codeOf(() => count(TWO, ...both.toReversed()))).toBe('approvals_insufficient');
    expect(await codeOf(() => count(TWO, under(given), approval(intent, first)))).toBe(
      'approvals_insufficient',
    );
    const twoDelegates = [under(given), under(delegation(boss, second), second)];
    expect(await codeOf(() => count(TWO, ...twoDelegates))).toBe('approvals_insufficient');
    expect(await count(TWO, under(given), approval(intent, other))).toHaveLength(2);
    expect(await count(TWO, under(given), approval(intent, second))).toHaveLength(2);
  });

  test('whoever asks neither lets another approve nor approves in the place of another', async () => {
    const byAsker = under(delegation(asker, first, { role: 'compliance' }));
    expect(await codeOf(() => count(TWO, byAsker))).toBe('approver_is_requester');
    const toAsker = under(delegation(boss, asker), asker);
    expect(await codeOf(() => count(TWO, toAsker))).toBe('approver_is_requester');
  });
});

describe('refused is', () => {
  const verify = (given: Approval, by: Manifest = manifest) =>
    codeOf(() => verifyApproval(intent, given, by, NOW));

  test.each<[string, Partial<Delegation['statement']>]>([
    ['one for somebody else', { delegate: second.id }],
    ['one on another network', { network: 'mainnet' }],
    ['one for other kinds', { kinds: ['withdrawal', 'policy_change'] }],
    ['one that is over', { until: at(-6) }],
    ['one that has not begun', { from: at(-4) }],
    ['one that ends before it begins', { from: at(60), until: at(-60) }],
    ['one for more than 14 days', { from: at(-60), until: at(14 * 24 * 60) }],
    ['one of a role that the delegator does not have', { role: 'treasurer' }],
    ['one of somebody whom the manifest does not name', { delegator: newId('staff') }],
    ['one of an officer who is no approver', { delegator: house.officers[2]!.id }],
  ])('%s', async (_name, change) => {
    expect(await verify(under(delegation(boss, first, change)))).toBe('delegation_refused');
  });

  test('one that the delegator has not signed, or not so', async () => {
    const { statement } = delegation();
    const forged = { statement, signature: first.signer.sign(delegationDigest(statement)) };
    expect(await verify(under(forged))).toMatch(/^signature_/);
    const longer = { ...delegation(), statement: { ...statement, until: at(600) } };
    expect(await verify(under(longer))).toBe('signature_wrong');
  });

  test('one that was put to an approval afterwards, exchanged, or taken away', async () => {
    expect(await verify({ ...approval(intent, first), delegation: delegation() })).toBe('delegation_refused');
    const exchanged = { ...under(delegation()), delegation: delegation(other) };
    expect(await verify(exchanged)).toBe('delegation_refused');
    const { delegation: _taken, ...bare } = under(delegation());
    expect(await verify(bare)).toBe('delegation_refused');
  });

  test('one by a second entry of the same person, and one whose delegator a newer manifest leaves out', async () => {
    const samePerson = {
      ...manifest,
      approvers: manifest.approvers.map((entry) =>
        entry.id === boss.id ? { ...entry, person: first.person } : entry,
      ),
    };
    expect(await verify(under(delegation()), samePerson)).toBe('delegation_refused');
    const without = { ...manifest, approvers: manifest.approvers.filter(({ id }) => id !== boss.id) };
    expect(await verify(under(delegation()), without)).toBe('delegation_refused');
  });
});
