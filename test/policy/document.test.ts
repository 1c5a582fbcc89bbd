import { describe, expect, test } from 'vitest';
import { DEFAULT_DOCUMENT } from '../../src/policy/default-document.ts';
import { parsePolicyDocument, policyHash, resolveLists } from '../../src/policy/document.ts';
import { PolicyError } from '../../src/policy/errors.ts';
import type { PolicyDocument, PolicyRule } from '../../src/policy/policy-document-contract.ts';
import { newId } from '../../src/shared/index.ts';
import { policyOf, rule } from './documents.ts';

const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const LATER = '2027-01-01T00:00:00.000Z';

function refusal(value: unknown): { readonly code: string; readonly details: unknown } | undefined {
  try {
    parsePolicyDocument(value);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof PolicyError)) throw thrown;
    return { code: thrown.code, details: thrown.details };
  }
}

function codeOf(value: unknown): string {
  return refusal(value)?.code ?? 'taken';
}

/** What is no type of ours. */
function edited(change: object, of: PolicyDocument = policyOf([rule('it')])): unknown {
  return { ...of, ...change };
}

function ruleWith(change: object): unknown {
  return edited({ rules: [{ ...rule('it'), ...change }] });
}

describe('takes', () => {
  test.each<[string, unknown]>([
    ['what is built in', DEFAULT_DOCUMENT],
    ['a policy without rules', policyOf([])],
    [
      'a rule of every condition',
      policyOf(
        [
          rule('all', {
            when: {
              kinds: ['withdrawal'],
              amountSatoshis: { from: '1', upTo: '1' },
              velocity: [{ per: 'global', hours: 744, satoshis: { upTo: '5' }, withdrawals: { from: 1 } }],
              destination: {
                own: false,
                ageHours: { from: 1 },
                in: ['address-book'],
                notIn: ['partners'],
                reputation: ['watched'],
              },
              assets: ['bitcoin'],
              plans: ['custodial'],
              balances: ['vault'],
              timeOfDay: { from: '22:00', until: '06:00' },
              initiators: ['customer'],
              riskScore: { upTo: 100 },
            },
          }),
        ],
        { lists: [{ name: 'partners', addresses: [ADDRESS] }] },
      ),
    ],
    [
      'an exception that ends',
      policyOf([rule('friend', { when: { customers: [newId('customer')] }, expiresAt: LATER })]),
    ],
    [
      'a denial of single customers',
      policyOf([rule('foe', { when: { customers: [newId('customer')] }, then: { outcome: 'deny' } })]),
    ],
    [
      'a rule for what moves no coins',
      policyOf([
        rule('slow', {
          when: { kinds: ['release'], timeOfDay: { from: '09:00', until: '10:00' }, initiators: ['staff'] },
        }),
      ]),
    ],
  ])('%s', (_what, document) => {
    expect(refusal(document)).toBeUndefined();
  });
});

describe('malformed', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['a text', 'allow everything'],
    ['another format', edited({ format: 2 })],
    ['an unknown field', edited({ comment: 'hello' })],
    ['no rules', edited({ rules: undefined })],
    ['too many rules', edited({ rules: Array.from({ length: 1_001 }, (_, i) => rule(`r-${i}`)) })],
    ['an unknown field of a rule', ruleWith({ enabled: false })],
    ['an unknown condition', ruleWith({ when: { amount: { upTo: '1' } } })],
    ['a name with spaces', ruleWith({ name: 'my rule' })],
    ['a name that is too long', ruleWith({ name: 'a'.repeat(41) })],
    ['no reason', ruleWith({ because: '' })],
    ['a reason that steers the display', ruleWith({ because: 'fine\u202E' })],
    ['an unknown outcome', ruleWith({ then: { outcome: 'maybe' } })],
    ['a denial with approvals', ruleWith({ then: { outcome: 'deny', approvals: 1 } })],
    ['no approvals', ruleWith({ then: { outcome: 'approvals', approvals: 0, roles: ['officer'] } })],
    ['too many approvals', ruleWith({ then: { outcome: 'approvals', approvals: 16, roles: ['officer'] } })],
    ['approvals of nobody', ruleWith({ then: { outcome: 'approvals', approvals: 1, roles: [] } })],
    [
      'a role twice',
      ruleWith({ then: { outcome: 'approvals', approvals: 1, roles: ['officer', 'officer'] } }),
    ],
    ['an unknown role', ruleWith({ then: { outcome: 'approvals', approvals: 1, roles: ['janitor'] } })],
    [
      'more key files than approvals',
      ruleWith({ then: { outcome: 'approvals', approvals: 1, roles: ['officer'], localApprovals: 2 } }),
    ],
    ['a rest of nothing', ruleWith({ then: { outcome: 'delay', delayMinutes: 0 } })],
    ['a rest of more than a week', ruleWith({ then: { outcome: 'delay', delayMinutes: 10_081 } })],
    ['an amount as a number', ruleWith({ when: { amountSatoshis: { upTo: 5 } } })],
    ['an amount that is none', ruleWith({ when: { amountSatoshis: { from: '1', upTo: 'x' } } })],
    ['a negative amount', ruleWith({ when: { amountSatoshis: { from: '-1' } } })],
    ['bounds that hold nothing', ruleWith({ when: { amountSatoshis: { from: '2', upTo: '1' } } })],
    ['no bounds', ruleWith({ when: { amountSatoshis: {} } })],
    ['an empty set', ruleWith({ when: { plans: [] } })],
    ['a plan twice', ruleWith({ when: { plans: ['custodial', 'custodial'] } })],
    ['no window', ruleWith({ when: { velocity: [] } })],
    ['a window that measures nothing', ruleWith({ when: { velocity: [{ per: 'global', hours: 1 }] } })],
    [
      'a window of no hours',
      ruleWith({ when: { velocity: [{ per: 'global', hours: 0, satoshis: { from: '1' } }] } }),
    ],
    [
      'a window of years',
      ruleWith({ when: { velocity: [{ per: 'global', hours: 745, satoshis: { from: '1' } }] } }),
    ],
    ['no condition on the destination', ruleWith({ when: { destination: {} } })],
    ['a time that never is', ruleWith({ when: { timeOfDay: { from: '10:00', until: '10:00' } } })],
    ['a time of day that there is not', ruleWith({ when: { timeOfDay: { from: '24:00', until: '10:00' } } })],
    ['a risk above all', ruleWith({ when: { riskScore: { upTo: 101 } } })],
    ['an end that is no instant', ruleWith({ expiresAt: 'tomorrow' })],
    ['loosening at once', edited({ loosening: { delayHours: 0 } })],
    ['prototype pollution', JSON.parse('{"format":1,"__proto__":{"rules":[]}}')],
  ])('%s', (_what, value) => {
    expect(codeOf(value)).toBe('policy_malformed');
  });

  test('it says where', () => {
    expect(refusal(ruleWith({ then: { outcome: 'delay', delayMinutes: 0 } }))?.details).toMatchObject({
      path: 'rules.0.then.delayMinutes',
    });
  });
});

describe('conflicting', () => {
  const two = (first: Partial<PolicyRule>, second: Partial<PolicyRule>) =>
    policyOf([rule('one', first), rule('two', second)]);

  test.each<[string, unknown, object]>([
    ['two rules of one name', policyOf([rule('it'), rule('it')]), { name: 'it' }],
    [
      'two lists of one name',
      policyOf([], {
        lists: [
          { name: 'a', addresses: [] },
          { name: 'a', addresses: [] },
        ],
      }),
      { name: 'a' },
    ],
    [
      'a list that takes the name of the address book',
      policyOf([], { lists: [{ name: 'address-book', addresses: [] }] }),
      { name: 'address-book' },
    ],
    [
      'a list that is not there',
      policyOf([rule('it', { when: { destination: { notIn: ['foes'] } } })]),
      { rule: 'it', list: 'foes' },
    ],
    [
      'an included list that is not there',
      policyOf([], { lists: [{ name: 'a', addresses: [], includes: ['b'] }] }),
      { list: 'b' },
    ],
    [
      'an exception for a customer without an end',
      two({}, { when: { customers: [newId('customer')] } }),
      { rule: 'two' },
    ],
    [
      'an exception for a list without an end',
      policyOf([rule('it', { when: { destination: { in: ['a'] } } })], {
        lists: [{ name: 'a', addresses: [] }],
      }),
      { rule: 'it' },
    ],
    [
      'a denial that ends',
      policyOf([rule('it', { then: { outcome: 'deny' }, expiresAt: LATER })]),
      { rule: 'it' },
    ],
    [
      'one window twice',
      policyOf([
        rule('it', {
          when: {
            velocity: [
              { per: 'global', hours: 1, satoshis: { from: '1' } },
              { per: 'global', hours: 1, withdrawals: { from: 1 } },
            ],
          },
        }),
      ]),
      { window: 'global, 1 hours' },
    ],
    [
      'an amount of what moves no coins',
      policyOf([rule('it', { when: { kinds: ['withdrawal', 'release'], amountSatoshis: { from: '1' } } })]),
      { condition: 'amountSatoshis' },
    ],
  ])('%s', (_what, document, details) => {
    expect(refusal(document)).toMatchObject({ code: 'policy_conflicting', details });
  });

  test('the address book lets known destinations through for ever', () => {
    expect(codeOf(policyOf([rule('it', { when: { destination: { in: ['address-book'] } } })]))).toBe('taken');
  });
});

describe('cyclic', () => {
  const list = (name: string, ...includes: string[]) => ({ name, addresses: [ADDRESS], includes });

  test.each<[string, PolicyDocument['lists']]>([
    ['a list that includes itself', [list('a', 'a')]],
    ['two that include each other', [list('a', 'b'), list('b', 'a')]],
    ['a long circle', Array.from({ length: 100 }, (_, i) => list(`l-${i}`, `l-${(i + 1) % 100}`))],
  ])('%s', (_what, lists) => {
    expect(codeOf(policyOf([], { lists }))).toBe('policy_cyclic');
  });

  test('a list that is included twice is no circle, and a fan of a hundred costs nothing', () => {
    const fan = Array.from({ length: 100 }, (_, i) =>
      list(`l-${i}`, ...Array.from({ length: Math.min(i, 99) }, (_2, j) => `l-${j}`)),
    );
    const lists = resolveLists(fan);
    expect(lists.get('l-99')).toEqual(new Set([ADDRESS]));
    expect(lists.size).toBe(100);
  });
});

describe('enormous', () => {
  test('longer than anybody reads is refused', () => {
    const addresses = Array.from({ length: 2_000 }, (_, i) => `bcrt1q${String(i).padStart(80, '0')}`);
    const lists = [0, 1].map((i) => ({ name: `l-${i}`, addresses }));
    expect(codeOf(policyOf([], { lists }))).toBe('policy_too_large');
    expect(codeOf(policyOf([], { lists: lists.slice(1) }))).toBe('taken');
  });

  test('so are more windows than anybody measures', () => {
    const windows = (count: number) =>
      policyOf(
        Array.from({ length: count }, (_, i) =>
          rule(`r-${i}`, { when: { velocity: [{ per: 'global', hours: i + 1, satoshis: { from: '1' } }] } }),
        ),
      );
    expect(codeOf(windows(24))).toBe('taken');
    expect(refusal(windows(25))).toMatchObject({ code: 'policy_too_large', details: { windows: 25 } });
  });
});

test('a policy has one hash, whatever the order of its fields, and another for every change', () => {
  const document = policyOf([rule('it')]);
  const turned = Object.fromEntries(Object.entries(document).reverse()) as PolicyDocument;
  expect(policyHash(turned)).toBe(policyHash(document));
  expect(policyHash({ ...document, title: 'Other' })).not.toBe(policyHash(document));
  expect(policyHash(document)).toMatch(/^[0-9a-f]{64}$/);
});
