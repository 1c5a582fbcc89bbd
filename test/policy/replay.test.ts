import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../src/policy/evaluate.ts';
import { factsText, readFacts, type RecordedFacts } from '../../src/policy/facts-record.ts';
import type { PolicyDocument, RuleCondition } from '../../src/policy/policy-document-contract.ts';
import { replay, type PastWithdrawal } from '../../src/policy/replay.ts';
import { newId, satoshis } from '../../src/shared/index.ts';
import { policyOf, rule } from './documents.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-06-01T00:00:00.000Z');
const [ADA, BOB] = [newId('customer'), newId('customer')];
const [ONE, TWO] = [
  'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
  'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry',
];

function known(customer: string, amount: bigint, address = ONE): RecordedFacts {
  return {
    askedAtMs: START,
    initiator: 'customer',
    customer,
    amount: satoshis(amount),
    balance: 'vault',
    plan: 'custodial',
    riskScore: null,
    onlyKnown: false,
    payees: [
      { address, satoshis: amount - 1n, own: false, ageHours: 0, known: false, reputation: 'unlisted' },
    ],
    flows: new Map(),
  };
}

function past(hour: number, facts: RecordedFacts, ended = false): PastWithdrawal {
  return { intent: `at ${hour}`, judgedAtMs: START + hour * HOUR, ended, facts };
}

const ALL = policyOf([rule('all')]);

function cap(velocity: RuleCondition['velocity']): PolicyDocument {
  return policyOf([rule('within', { when: { velocity: velocity! } })]);
}

function different(document: PolicyDocument, history: readonly PastWithdrawal[], fromMs = START): string[] {
  const { differences } = replay(compilePolicy(ALL), compilePolicy(document), history, fromMs);
  return differences.map(({ intent }) => intent);
}

describe('windows are measured anew', () => {
  const history = [
    past(0, known(ADA, 100n)),
    past(1, known(BOB, 100n, TWO)),
    past(2, known(ADA, 100n, TWO)),
    past(27, known(ADA, 100n)),
  ];

  test.each<[string, RuleCondition['velocity'], string[]]>([
    ['per customer', [{ per: 'customer', hours: 24, satoshis: { upTo: '199' } }], ['at 2']],
    ['per customer, by number', [{ per: 'customer', hours: 24, withdrawals: { upTo: 1 } }], ['at 2']],
    ['per customer, a shorter window', [{ per: 'customer', hours: 1, withdrawals: { upTo: 1 } }], []],
    ['per customer, a longer one', [{ per: 'customer', hours: 27, withdrawals: { upTo: 2 } }], ['at 27']],
    [
      'a window begins with its first hour',
      [{ per: 'customer', hours: 25, withdrawals: { upTo: 1 } }],
      ['at 2', 'at 27'],
    ],
    ['per destination', [{ per: 'destination', hours: 24, satoshis: { upTo: '197' } }], ['at 2']],
    [
      'per destination, payments without the fee',
      [{ per: 'destination', hours: 24, satoshis: { upTo: '198' } }],
      [],
    ],
    ['global', [{ per: 'global', hours: 24, satoshis: { upTo: '299' } }], ['at 2']],
    [
      'each alone',
      [{ per: 'global', hours: 24, satoshis: { upTo: '99' } }],
      ['at 0', 'at 1', 'at 2', 'at 27'],
    ],
  ])('%s', (_what, velocity, expected) => {
    expect(different(cap(velocity), history)).toEqual(expected);
  });

  test('what was denied or has ended unpaid is judged and not measured', () => {
    const ended = [past(0, known(ADA, 100n), true), past(1, known(ADA, 100n))];
    expect(different(cap([{ per: 'customer', hours: 24, satoshis: { upTo: '199' } }]), ended)).toEqual([]);
    expect(different(cap([{ per: 'customer', hours: 24, satoshis: { upTo: '99' } }]), ended)).toEqual([
      'at 0',
      'at 1',
    ]);
  });

  test('what is older than the period is measured and not judged', () => {
    const document = cap([{ per: 'customer', hours: 24, withdrawals: { upTo: 1 } }]);
    const from = START + 2 * HOUR;
    expect(different(document, history, from)).toEqual(['at 2']);
    expect(replay(compilePolicy(ALL), compilePolicy(document), history, from).judged).toBe(2);
  });
});

test('a difference says how both decide, and the same requirement for another reason is none', () => {
  const draft = policyOf([
    rule('little', { when: { amountSatoshis: { upTo: '50' } } }),
    rule('much', { then: { outcome: 'approvals', approvals: 2, roles: ['officer'] } }),
  ]);
  const history = [past(0, known(ADA, 50n)), past(1, known(ADA, 51n))];
  const { judged, differences } = replay(compilePolicy(ALL), compilePolicy(draft), history, START);
  expect(judged).toBe(2);
  expect(differences).toHaveLength(1);
  expect(differences[0]).toMatchObject({
    intent: 'at 1',
    before: { reasons: [{ rule: 'all' }] },
    after: { requirement: { quorums: [{ approvals: 2 }] }, reasons: [{ rule: 'much' }] },
  });
  expect(replay(compilePolicy(draft), compilePolicy(ALL), history, START).differences).toHaveLength(1);
});

describe('what was known', () => {
  test('is read as it was written', () => {
    const facts: RecordedFacts = {
      ...known(ADA, 7n),
      riskScore: 3,
      flows: new Map([['customer/24', { satoshis: 9n, withdrawals: 2 }]]),
    };
    expect(readFacts(factsText(facts))).toEqual(facts);
  });

  test('is refused when it was never written here', () => {
    const text = factsText(known(ADA, 7n));
    expect(() => readFacts(text.replace('"amount":"7"', '"amount":"-7"'))).toThrow('damaged');
    expect(() => readFacts('{}')).toThrow('damaged');
  });
});
