import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/intents/index.ts';
import type { PolicyRule } from '../../src/policy/policy-document-contract.ts';
import { unmeetable } from '../../src/policy/satisfiable.ts';
import { newId } from '../../src/shared/index.ts';
import { passkeySigner, rsaSigner } from '../fixtures/signing-keys.ts';
import { policyOf, rule } from './documents.ts';

type Role = Manifest['approvers'][number]['role'];

const FILE = rsaSigner('key-1').publicKey;
const PASSKEY = passkeySigner().publicKey;

/** Approvers as `person role key`. */
function people(...entries: readonly [string, Role, 'file' | 'passkey'][]): Manifest['approvers'] {
  return entries.map(([person, role, key]) => ({
    ...{ id: newId('staff'), person, role },
    key: key === 'file' ? FILE : PASSKEY,
  }));
}

function problems(
  approvers: Manifest['approvers'],
  then: Partial<Extract<PolicyRule['then'], { outcome: 'approvals' }>>,
  kinds?: PolicyRule['when']['kinds'],
  officers: Manifest['officers'] = [],
): readonly string[] {
  const outcome = {
    outcome: 'approvals',
    approvals: 2,
    roles: ['compliance'],
    ...then,
  } as PolicyRule['then'];
  const document = policyOf([rule('it', { when: kinds === undefined ? {} : { kinds }, then: outcome })]);
  return unmeetable(document, { approvers, officers }).map(({ because }) => because);
}

describe('a quorum', () => {
  test('is met by as many different people as it asks for, and by no fewer', () => {
    const two = people(['Ada', 'compliance', 'passkey'], ['Bob', 'compliance', 'passkey']);
    expect(problems(two, {})).toEqual([]);
    expect(problems(two, { approvals: 3 })).toEqual([
      'It asks for 3 of compliance, and the manifest names 2 in all.',
    ]);
    expect(problems([], { approvals: 1 })).toHaveLength(1);
  });

  test('counts one person with two entries once', () => {
    expect(
      problems(people(['Ada', 'compliance', 'passkey'], ['Ada', 'compliance', 'file']), {}),
    ).toHaveLength(1);
  });

  test('counts people of its roles only', () => {
    const both = people(['Ada', 'compliance', 'passkey'], ['Bob', 'officer', 'passkey']);
    expect(problems(both, {})).toHaveLength(1);
    expect(problems(both, { roles: ['compliance', 'officer'] })).toEqual([]);
  });

  test('asks for key files of those that have one', () => {
    const one = people(['Ada', 'compliance', 'file'], ['Bob', 'compliance', 'passkey']);
    expect(problems(one, { localApprovals: 1 })).toEqual([]);
    expect(problems(one, { localApprovals: 2 })).toEqual([
      'It asks for 2 of compliance with a key file, and the manifest names 1 in all.',
    ]);
  });
});

describe('for what staff ask for', () => {
  const two = people(['Ada', 'compliance', 'file'], ['Bob', 'compliance', 'file']);
  const outsider = people(['Eve', 'treasurer', 'passkey']);
  const officer = [{ id: newId('staff'), person: 'Max', key: FILE }];

  test('one more must be there, who asks', () => {
    expect(problems(two, {}, ['release'])).toEqual([
      'It asks for 2 of compliance besides whoever asks, and the manifest names 2 in all.',
    ]);
    expect(problems(two, { approvals: 1 }, ['release'])).toEqual([]);
    expect(problems([...two, ...outsider], {}, ['release'])).toEqual([]);
    expect(problems(two, {}, ['release'], officer)).toEqual([]);
    expect(problems(two, {}, ['release'], [{ ...officer[0]!, person: 'Ada' }])).toHaveLength(1);
  });

  test('and leaves key files enough', () => {
    const three = people(
      ['Ada', 'compliance', 'file'],
      ['Bob', 'compliance', 'file'],
      ['Cem', 'compliance', 'passkey'],
    );
    expect(problems(three, { localApprovals: 2 }, ['release'])).toEqual([]);
    expect(problems(two, { approvals: 1, localApprovals: 1 }, ['withdrawal', 'release'])).toEqual([]);
    const files = people(
      ['Ada', 'compliance', 'file'],
      ['Bob', 'compliance', 'file'],
      ['Cem', 'compliance', 'file'],
    );
    expect(problems(files, { approvals: 2, localApprovals: 2 }, ['release'])).toEqual([]);
    expect(problems(files.slice(0, 2), { approvals: 1, localApprovals: 1 }, ['release'])).toEqual([]);
    // Of two with a file each, one asks: one is left.
    expect(problems(files.slice(0, 2), { approvals: 1, localApprovals: 2 }, ['release'])).toEqual([
      'It asks for 2 of compliance with a key file besides whoever asks, and the manifest names 2 in all.',
    ]);
  });
});

test('outcomes that ask for nobody are always met', () => {
  const document = policyOf([
    rule('no', { then: { outcome: 'deny' } }),
    rule('yes'),
    rule('late', { then: { outcome: 'delay', delayMinutes: 5 } }),
  ]);
  expect(unmeetable(document, { approvers: [], officers: [] })).toEqual([]);
});

describe('a policy that could never be changed again', () => {
  const manifest = {
    approvers: people(['Ada', 'compliance', 'file'], ['Bob', 'compliance', 'file']),
    officers: [],
  };
  const about = (change: Partial<PolicyRule>) =>
    rule('it', { ...change, when: { kinds: ['policy_change'], ...change.when } });
  const locked = (...rules: PolicyRule[]) => unmeetable(policyOf(rules), manifest);

  test.each<[string, PolicyRule[]]>([
    ['denies it', [about({ then: { outcome: 'deny' } })]],
    ['denies it before it allows it', [about({ then: { outcome: 'deny' } }), about({})]],
    ['allows it for a while', [about({ expiresAt: '2027-01-01T00:00:00.000Z' })]],
    ['allows it to customers', [about({ when: { initiators: ['customer'] } })]],
    [
      'denies it to staff',
      [about({ when: { initiators: ['staff'] }, then: { outcome: 'deny' } }), about({})],
    ],
  ])('%s: refused', (_what, rules) => {
    expect(locked(...rules)).toEqual([
      { rule: null, because: 'No rule that lasts lets anybody change the policy any more.' },
    ]);
  });

  test.each<[string, PolicyRule[]]>([
    ['does not speak of it', [rule('other', { then: { outcome: 'deny' } })]],
    ['allows it', [about({})]],
    ['allows it by day', [about({ when: { timeOfDay: { from: '09:00', until: '17:00' } } })]],
    [
      'denies it by night',
      [
        about({ when: { timeOfDay: { from: '22:00', until: '06:00' } }, then: { outcome: 'deny' } }),
        about({}),
      ],
    ],
    [
      'denies it to customers alone',
      [about({ when: { initiators: ['customer'] }, then: { outcome: 'deny' } }), about({})],
    ],
    ['asks for one', [about({ then: { outcome: 'approvals', approvals: 1, roles: ['compliance'] } })]],
  ])('%s: taken', (_what, rules) => {
    expect(locked(...rules)).toEqual([]);
  });
});
