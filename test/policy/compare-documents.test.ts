import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loosenings } from '../../src/policy/compare-documents.ts';
import { parsePolicyDocument } from '../../src/policy/document.ts';
import { compilePolicy, evaluate } from '../../src/policy/evaluate.ts';
import type { WithdrawalFacts } from '../../src/policy/facts.ts';
import type { PolicyDocument, PolicyRule } from '../../src/policy/policy-document-contract.ts';
import { isAsStrict } from '../../src/policy/requirement.ts';
import { newId, satoshis } from '../../src/shared/index.ts';
import { policyOf, rule } from './documents.ts';

const deny = { outcome: 'deny' } as const;
const two = { outcome: 'approvals', approvals: 2, roles: ['compliance', 'officer'] } as PolicyRule['then'];
const small = { amountSatoshis: { upTo: '1000' } };
const medium = { amountSatoshis: { upTo: '5000' } };

const BASE = policyOf([rule('small', { when: small }), rule('rest', { when: medium, then: two })]);

/** The rules of the new policy that may let more through. */
function looser(before: PolicyDocument, after: PolicyDocument): (string | null)[] {
  return loosenings(before, after).map((found) => found.rule);
}

function changed(name: string, change: Partial<PolicyRule>): PolicyDocument {
  return { ...BASE, rules: BASE.rules.map((it) => (it.name === name ? { ...it, ...change } : it)) };
}

describe('is no loosening', () => {
  test.each<[string, PolicyDocument]>([
    ['the same', BASE],
    ['another title', { ...BASE, title: 'Other words' }],
    ['other reasons', changed('rest', { because: 'Well.' })],
    ['a longer rest of loosenings', { ...BASE, loosening: { delayHours: 25 } }],
    ['a longer cooling off', { ...BASE, addressBook: { coolingOffHours: 25 } }],
    ['no rules at all', policyOf([])],
    ['fewer rules', policyOf([rule('small', { when: small })])],
    [
      'a denial before all others',
      { ...BASE, rules: [rule('no', { when: medium, then: deny }), ...BASE.rules] },
    ],
    ['more approvals', changed('rest', { then: { ...two, approvals: 3 } as never })],
    ['fewer roles', changed('rest', { then: { ...two, roles: ['officer'] } as never })],
    ['a rest after approvals', changed('rest', { then: { ...two, delayMinutes: 1 } as never })],
    ['an approval by key file', changed('rest', { then: { ...two, localApprovals: 1 } as never })],
    ['approvals where nothing was asked', changed('small', { then: two })],
    ['a narrower rule', changed('rest', { when: { amountSatoshis: { upTo: '4999' } } })],
    ['a rule that ends', changed('rest', { expiresAt: '2026-06-01T00:00:00.000Z' })],
    ['a further condition', changed('rest', { when: { ...medium, balances: ['vault'] } })],
    ['a narrower small one', changed('small', { when: { amountSatoshis: { upTo: '999' } } })],
    [
      'a delay on a kind that the manifest decided',
      {
        ...BASE,
        rules: [
          ...BASE.rules,
          rule('slow', { when: { kinds: ['release'] }, then: { outcome: 'delay', delayMinutes: 1 } }),
        ],
      },
    ],
    [
      'an allowance where only stricter rules were not',
      { ...BASE, rules: [...BASE.rules, rule('dead', { when: small })] },
    ],
  ])('%s', (_what, after) => {
    expect(loosenings(BASE, after)).toEqual([]);
  });
});

describe('is a loosening', () => {
  test.each<[string, PolicyDocument, (string | null)[]]>([
    ['a shorter rest of loosenings', { ...BASE, loosening: { delayHours: 23 } }, [null]],
    ['a shorter cooling off', { ...BASE, addressBook: { coolingOffHours: 23 } }, [null]],
    ['fewer approvals', changed('rest', { then: { ...two, approvals: 1 } as never }), ['rest']],
    [
      'more roles',
      changed('rest', { then: { ...two, roles: ['compliance', 'officer', 'treasurer'] } as never }),
      ['rest'],
    ],
    ['other roles', changed('rest', { then: { ...two, roles: ['treasurer'] } as never }), ['rest']],
    ['an allowance', changed('rest', { then: { outcome: 'allow' } }), ['rest']],
    [
      'a rest in place of approvals',
      changed('rest', { then: { outcome: 'delay', delayMinutes: 10_000 } }),
      ['rest'],
    ],
    ['a wider rule', changed('rest', { when: { amountSatoshis: { upTo: '5001' } } }), ['rest']],
    ['a rule without its bound', changed('rest', { when: {} }), ['rest']],
    ['a wider small one', changed('small', { when: { amountSatoshis: { upTo: '1001' } } }), ['small']],
    [
      'a small one at the end of the book',
      { ...BASE, rules: [...BASE.rules, rule('more', { when: { amountSatoshis: { upTo: '6000' } } })] },
      ['more'],
    ],
    ['the strict rule taken out above a loose one', policyOf([rule('small', { when: medium })]), ['small']],
    [
      'an exception before all',
      {
        ...BASE,
        rules: [rule('friend', { when: { amountSatoshis: { from: '2000', upTo: '2000' } } }), ...BASE.rules],
      },
      ['friend'],
    ],
    [
      'the order turned around',
      policyOf([rule('late', { when: {}, then: { outcome: 'delay', delayMinutes: 1 } }), ...BASE.rules]),
      ['late'],
    ],
  ])('%s', (_what, after, rules) => {
    expect(looser(BASE, after)).toEqual(rules);
  });

  test('of a denial that ends where it did not', () => {
    const before = policyOf([rule('no', { when: small, then: deny }), rule('yes')]);
    const after = policyOf([rule('yes')]);
    expect(loosenings(before, after)).toEqual([
      { rule: 'yes', before: 'no', because: 'It may decide where the other asked for more.' },
    ]);
  });

  test('of a kind that a rule decided and the manifest alone would', () => {
    const before = policyOf([
      rule('slow', { when: { kinds: ['release'] }, then: { outcome: 'delay', delayMinutes: 1 } }),
    ]);
    expect(looser(before, policyOf([]))).toEqual(['left to the manifest']);
  });

  test('of a list that holds more, and none of one that is only called otherwise', () => {
    const with_ = (name: string, addresses: string[]) =>
      policyOf(
        [
          rule('partners', { when: { destination: { in: [name] } }, expiresAt: '2027-01-01T00:00:00.000Z' }),
          rule('rest', { then: two }),
        ],
        { lists: [{ name, addresses }] },
      );
    const one = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
    const two_ = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';
    expect(looser(with_('partners', [one]), with_('friends', [one]))).toEqual([]);
    expect(looser(with_('partners', [one]), with_('partners', [one, two_]))).toEqual(['partners']);
  });

  test('of an exception that ends later, and none of one that ends sooner', () => {
    const until = (expiresAt: string) =>
      policyOf([rule('now', { when: small, expiresAt }), rule('rest', { when: medium, then: two })]);
    expect(looser(until('2026-06-01T00:00:00.000Z'), until('2026-06-02T00:00:00.000Z'))).toEqual(['now']);
    expect(looser(until('2026-06-02T00:00:00.000Z'), until('2026-06-01T00:00:00.000Z'))).toEqual([]);
  });
});

const NOW = Date.parse('2026-06-01T10:00:00.000Z');
const ADDRESSES = [
  'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
  'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry',
];
const CUSTOMERS = [newId('customer'), newId('customer')];

const boundsOf = (max: number) =>
  fc.tuple(fc.nat(max), fc.nat(max), fc.integer({ min: 0, max: 2 })).map(([a, b, which]) => ({
    ...(which !== 1 ? { from: String(Math.min(a, b)) } : {}),
    ...(which !== 2 ? { upTo: String(Math.max(a, b)) } : {}),
  }));
const numbers = (max: number) =>
  boundsOf(max).map(({ from, upTo }) => ({
    ...(from === undefined ? {} : { from: Number(from) }),
    ...(upTo === undefined ? {} : { upTo: Number(upTo) }),
  }));
const some = <T>(...values: T[]) => fc.subarray(values, { minLength: 1 });
const perhaps = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 1 });

const when = fc
  .record({
    amountSatoshis: perhaps(boundsOf(3)),
    velocity: perhaps(
      fc.record({ satoshis: boundsOf(3) }).map((it) => [{ per: 'customer', hours: 24, ...it }]),
    ),
    destination: perhaps(
      fc
        .record({
          in: perhaps(some('first', 'second', 'address-book')),
          notIn: perhaps(some('first', 'address-book')),
          reputation: perhaps(some('unlisted', 'watched')),
          own: perhaps(fc.boolean()),
          ageHours: perhaps(numbers(3)),
        })
        .filter((it) => Object.values(it).some((value) => value !== undefined)),
    ),
    balances: perhaps(some('vault', 'spending')),
    timeOfDay: perhaps(fc.constantFrom({ from: '09:00', until: '11:00' }, { from: '11:00', until: '09:30' })),
    riskScore: perhaps(numbers(3)),
  })
  .map((it) => JSON.parse(JSON.stringify(it)) as PolicyRule['when']);

const then = fc.oneof(
  fc.constant({ outcome: 'deny' }),
  fc.constant({ outcome: 'allow' }),
  fc.record({ outcome: fc.constant('delay'), delayMinutes: fc.integer({ min: 1, max: 2 }) }),
  fc.record({
    outcome: fc.constant('approvals'),
    approvals: fc.integer({ min: 1, max: 2 }),
    roles: some('compliance', 'officer'),
  }),
) as fc.Arbitrary<PolicyRule['then']>;

const rules = fc.array(fc.record({ when, then, ends: fc.boolean() }), { maxLength: 4 }).map((all) =>
  all.map(({ ends, ...it }, index) =>
    rule(`rule-${index}`, {
      ...it,
      // Before, at, or after the time at which it is judged.
      ...(it.then.outcome !== 'deny' && (ends || it.when.destination?.in !== undefined)
        ? { expiresAt: new Date(NOW + (index - 1) * 3_600_000).toISOString() }
        : {}),
    }),
  ),
);
const document = fc
  .record({ rules, first: fc.subarray(ADDRESSES), second: fc.subarray(ADDRESSES) })
  .map(({ rules: all, first, second }) =>
    policyOf(all, {
      lists: [
        { name: 'first', addresses: first },
        { name: 'second', addresses: second },
      ],
    }),
  );

const facts: fc.Arbitrary<WithdrawalFacts> = fc
  .record({
    amount: fc.bigInt(0n, 3n),
    balance: fc.constantFrom('vault' as const, 'spending' as const),
    riskScore: fc.nat(3),
    minutes: fc.constantFrom(8 * 60, 9 * 60, 10 * 60, 12 * 60),
    flow: fc.bigInt(0n, 3n),
    payee: fc.record({
      address: fc.constantFrom(...ADDRESSES),
      own: fc.boolean(),
      known: fc.boolean(),
      ageHours: fc.nat(3),
      reputation: fc.constantFrom('unlisted' as const, 'watched' as const),
    }),
  })
  .map(({ amount, balance, riskScore, minutes, flow, payee }) => ({
    kind: 'withdrawal',
    nowMs: NOW,
    askedAtMs: Date.parse('2026-06-01T00:00:00.000Z') + minutes * 60_000,
    initiator: 'customer',
    customer: CUSTOMERS[0]!,
    amount: satoshis(amount),
    balance,
    plan: 'custodial',
    riskScore,
    onlyKnown: false,
    payees: [payee],
    flow: () => ({ satoshis: flow, withdrawals: 1 }),
  }));

test('whatever is called no loosening asks for as much in every case that is tried', () => {
  let tighter = 0;
  fc.assert(
    fc.property(
      document,
      document,
      fc.array(facts, { minLength: 20, maxLength: 20 }),
      (one, other, cases) => {
        parsePolicyDocument(one);
        // Often a small edit of the same policy, so that there is something to find.
        const edited = { ...one, rules: [...one.rules.slice(0, 2), ...other.rules.slice(2)] };
        for (const after of [other, edited]) {
          if (loosenings(one, after).length > 0) continue;
          tighter += 1;
          const [then_, now] = [compilePolicy(one), compilePolicy(after)];
          for (const known of cases) {
            expect(isAsStrict(evaluate(now, known).requirement, evaluate(then_, known).requirement)).toBe(
              true,
            );
          }
        }
      },
    ),
    { numRuns: 1_500 },
  );
  expect(tighter).toBeGreaterThan(300);
});
