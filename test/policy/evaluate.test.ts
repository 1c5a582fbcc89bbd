import { describe, expect, test } from 'vitest';
import { compilePolicy, evaluate, type Decision } from '../../src/policy/evaluate.ts';
import type { ControlFacts, Flow, PayeeFacts, WithdrawalFacts } from '../../src/policy/facts.ts';
import { limitsOf, ruleHashOf } from '../../src/policy/raisable.ts';
import type { PolicyDocument, PolicyRule, RuleCondition } from '../../src/policy/policy-document-contract.ts';
import { newId, satoshis } from '../../src/shared/index.ts';
import { policyOf, rule } from './documents.ts';

const ADA = newId('customer');
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const OTHER = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';
/** 10:30 in the morning. */
const ASKED = Date.parse('2026-06-01T10:30:00.000Z');

function payee(change: Partial<PayeeFacts> = {}): PayeeFacts {
  return { address: ADDRESS, own: false, ageHours: 5, known: false, reputation: 'unlisted', ...change };
}

function facts(change: Partial<WithdrawalFacts> = {}): WithdrawalFacts {
  return {
    kind: 'withdrawal',
    nowMs: ASKED + 60_000,
    askedAtMs: ASKED,
    initiator: 'customer',
    customer: ADA,
    amount: satoshis(100_000n),
    balance: 'vault',
    plan: 'custodial',
    riskScore: 20,
    onlyKnown: false,
    payees: [payee()],
    flow: () => ({ satoshis: 500_000n, withdrawals: 3 }),
    ...change,
  };
}

function judge(document: PolicyDocument, known: WithdrawalFacts | ControlFacts = facts()): Decision {
  return evaluate(compilePolicy(document), known);
}

/** Whether a rule with this condition matches. */
function holds(
  when: RuleCondition,
  known: WithdrawalFacts = facts(),
  lists: PolicyDocument['lists'] = [],
): boolean {
  return !judge(policyOf([rule('it', { when })], { lists }), known).requirement.denied;
}

describe('without a rule that matches', () => {
  test('everything is denied: no rules at all, and rules about something else', () => {
    const empty = judge(policyOf([]));
    expect(empty.requirement).toEqual({ denied: true });
    expect(empty.reasons).toEqual([
      {
        rule: null,
        because: 'No rule of the policy matches, and what no rule allows is denied.',
        address: ADDRESS,
      },
    ]);
    expect(
      judge(policyOf([rule('big', { when: { amountSatoshis: { from: '100001' } } })])).requirement,
    ).toEqual({
      denied: true,
    });
  });

  test('so is a withdrawal that pays nobody, whatever the rules', () => {
    const decision = judge(policyOf([rule('all')]), facts({ payees: [] }));
    expect(decision.requirement.denied).toBe(true);
    expect(decision.reasons[0].address).toBeNull();
  });
});

describe('the first rule that matches decides', () => {
  test('and is named with its reason', () => {
    const document = policyOf([
      rule('first', { when: { balances: ['spending'] } }),
      rule('second', { then: { outcome: 'delay', delayMinutes: 5 } }),
      rule('third', { then: { outcome: 'deny' } }),
    ]);
    const decision = judge(document);
    expect(decision.requirement).toEqual({ denied: false, quorums: [], delayMs: 300_000 });
    expect(decision.reasons).toEqual([{ rule: 'second', because: 'Since second.', address: ADDRESS }]);
  });

  test.each([
    [{ outcome: 'allow' }, { denied: false, quorums: [], delayMs: 0 }],
    [{ outcome: 'deny' }, { denied: true }],
    [
      { outcome: 'delay', delayMinutes: 2 },
      { denied: false, quorums: [], delayMs: 120_000 },
    ],
    [
      { outcome: 'approvals', approvals: 2, roles: ['officer'] },
      { denied: false, quorums: [{ approvals: 2, roles: ['officer'], localApprovals: 0 }], delayMs: 0 },
    ],
    [
      { outcome: 'approvals', approvals: 3, roles: ['compliance'], localApprovals: 1, delayMinutes: 1 },
      {
        denied: false,
        quorums: [{ approvals: 3, roles: ['compliance'], localApprovals: 1 }],
        delayMs: 60_000,
      },
    ],
  ] as const)('its outcome %j asks for that', (then, requirement) => {
    const outcome = structuredClone(then) as never;
    expect(judge(policyOf([rule('it', { then: outcome })])).requirement).toEqual(requirement);
  });
});

describe('a condition', () => {
  test.each([
    ['99999', '100001', true],
    ['100000', '100000', true],
    ['100001', undefined, false],
    [undefined, '99999', false],
    [undefined, '100000', true],
    ['100000', undefined, true],
  ])('on the amount from %s up to %s', (from, upTo, expected) => {
    const amountSatoshis = { ...(from && { from }), ...(upTo && { upTo }) };
    expect(holds({ amountSatoshis })).toBe(expected);
  });

  test.each([
    [{ assets: ['bitcoin'] }, true],
    [{ plans: ['custodial', 'collaborative'] }, true],
    [{ plans: ['collaborative'] }, false],
    [{ balances: ['vault'] }, true],
    [{ balances: ['spending'] }, false],
    [{ initiators: ['customer'] }, true],
    [{ initiators: ['staff'] }, false],
    [{ customers: [ADA] }, true],
    [{ customers: [newId('customer')] }, false],
    [{ kinds: ['withdrawal'] }, true],
    [{ kinds: ['release'] }, false],
    [{ riskScore: { upTo: 20 } }, true],
    [{ riskScore: { upTo: 19 } }, false],
    [{ riskScore: { from: 21 } }, false],
    [{ destination: { own: false } }, true],
    [{ destination: { own: true } }, false],
    [{ destination: { ageHours: { from: 5 } } }, true],
    [{ destination: { ageHours: { from: 6 } } }, false],
    [{ destination: { ageHours: { upTo: 4 } } }, false],
    [{ destination: { reputation: ['unlisted', 'watched'] } }, true],
    [{ destination: { reputation: ['blocked'] } }, false],
    [{ destination: { in: ['address-book'] } }, false],
    [{ destination: { notIn: ['address-book'] } }, true],
  ] as [RuleCondition, boolean][])('%j', (when, expected) => {
    expect(holds(when)).toBe(expected);
  });

  test('all of it must hold', () => {
    expect(holds({ balances: ['vault'], plans: ['custodial'] })).toBe(true);
    expect(holds({ balances: ['vault'], plans: ['self_custody'] })).toBe(false);
  });

  test('on a customer whom nobody has judged sees the highest risk', () => {
    const known = facts({ riskScore: null });
    expect(holds({ riskScore: { from: 100 } }, known)).toBe(true);
    expect(holds({ riskScore: { upTo: 99 } }, known)).toBe(false);
  });

  test.each([
    ['10:30', '10:31', true],
    ['10:31', '10:30', false],
    ['10:00', '10:30', false],
    ['09:00', '11:00', true],
    ['22:00', '06:00', false],
    ['22:00', '10:31', true],
    ['10:30', '06:00', true],
    ['00:00', '10:30', false],
  ])('on the time of day from %s until %s', (from, until, expected) => {
    expect(holds({ timeOfDay: { from, until } })).toBe(expected);
  });

  test('on a list sees what the list includes', () => {
    const lists = [
      { name: 'inner', addresses: [ADDRESS] },
      { name: 'outer', addresses: [OTHER], includes: ['inner'] },
      { name: 'empty', addresses: [] },
    ];
    expect(holds({ destination: { in: ['outer'] } }, facts(), lists)).toBe(true);
    expect(holds({ destination: { in: ['empty', 'inner'] } }, facts(), lists)).toBe(true);
    expect(holds({ destination: { in: ['empty'] } }, facts(), lists)).toBe(false);
    expect(holds({ destination: { notIn: ['empty'] } }, facts(), lists)).toBe(true);
    expect(holds({ destination: { notIn: ['empty', 'outer'] } }, facts(), lists)).toBe(false);
  });

  test('on the address book sees destinations that have cooled off, besides the lists', () => {
    const known = facts({ payees: [payee({ known: true })] });
    const lists = [{ name: 'partners', addresses: [ADDRESS] }];
    expect(holds({ destination: { in: ['address-book'] } }, known)).toBe(true);
    expect(holds({ destination: { notIn: ['address-book'] } }, known)).toBe(false);
    expect(holds({ destination: { in: ['partners'] } }, known, lists)).toBe(true);
  });

  test('that expires does not hold from that instant on', () => {
    const expiresAt = '2026-06-01T10:31:00.000Z';
    const document = policyOf([rule('it', { expiresAt })]);
    expect(judge(document, facts({ nowMs: ASKED + 59_999 })).requirement.denied).toBe(false);
    expect(judge(document, facts({ nowMs: ASKED + 60_000 })).requirement.denied).toBe(true);
  });
});

describe('a window', () => {
  const flows: Record<string, Flow> = {
    'customer/24': { satoshis: 100n, withdrawals: 1 },
    'global/24': { satoshis: 900n, withdrawals: 9 },
    [`destination/24/${ADDRESS}`]: { satoshis: 300n, withdrawals: 3 },
    [`destination/24/${OTHER}`]: { satoshis: 50n, withdrawals: 1 },
  };
  const known = facts({
    flow: ({ per, hours }, address) =>
      flows[per === 'destination' ? `${per}/${hours}/${address}` : `${per}/${hours}`]!,
  });

  test.each([
    ['customer', { satoshis: { upTo: '100' } }, true],
    ['customer', { satoshis: { upTo: '99' } }, false],
    ['global', { satoshis: { from: '900' } }, true],
    ['global', { satoshis: { from: '901' } }, false],
    ['destination', { withdrawals: { upTo: 3 } }, true],
    ['destination', { withdrawals: { upTo: 2 } }, false],
    ['destination', { satoshis: { upTo: '300' }, withdrawals: { from: 4 } }, false],
    ['destination', { satoshis: { upTo: '300' }, withdrawals: { from: 3 } }, true],
  ] as const)('per %s measures %j', (per, measured, expected) => {
    expect(holds({ velocity: [{ per, hours: 24, ...measured }] }, known)).toBe(expected);
  });

  test('is asked for by its hours, and one that was not measured is no zero', () => {
    expect(() =>
      holds({ velocity: [{ per: 'global', hours: 23, satoshis: { from: '1' } }] }, known),
    ).toThrow();
  });
});

describe('several payees', () => {
  const strict = policyOf([
    rule('blocked', { when: { destination: { reputation: ['blocked'] } }, then: { outcome: 'deny' } }),
    rule('new', {
      when: { destination: { ageHours: { upTo: 23 } } },
      then: { outcome: 'approvals', approvals: 2, roles: ['compliance'], delayMinutes: 10 },
    }),
    rule('old', { then: { outcome: 'delay', delayMinutes: 60 } }),
  ]);

  test('are judged one by one, and the strictest of each counts for all', () => {
    const decision = judge(
      strict,
      facts({ payees: [payee({ ageHours: 100 }), payee({ address: OTHER, ageHours: 1 })] }),
    );
    expect(decision.requirement).toEqual({
      denied: false,
      quorums: [{ approvals: 2, roles: ['compliance'], localApprovals: 0 }],
      delayMs: 3_600_000,
    });
    expect(decision.reasons.map((reason) => [reason.rule, reason.address])).toEqual([
      ['old', ADDRESS],
      ['new', OTHER],
    ]);
  });

  test('are denied together when one is, for the reasons of that one alone', () => {
    const decision = judge(
      strict,
      facts({ payees: [payee(), payee({ address: OTHER, reputation: 'blocked' })] }),
    );
    expect(decision.requirement).toEqual({ denied: true });
    expect(decision.reasons).toEqual([{ rule: 'blocked', because: 'Since blocked.', address: OTHER }]);
  });
});

describe('a customer who pays only the address book', () => {
  const all = policyOf([rule('all')]);

  test.each([
    [{ known: true }, false],
    [{ own: true }, false],
    [{}, true],
  ])('to a payee that is %j', (change, denied) => {
    const decision = judge(all, facts({ onlyKnown: true, payees: [payee(change)] }));
    expect(decision.requirement.denied).toBe(denied);
    if (denied) expect(decision.reasons[0].because).toContain('only to the address book');
  });
});

describe('what moves no coins', () => {
  const asked: ControlFacts = { kind: 'release', nowMs: ASKED, askedAtMs: ASKED, initiator: 'staff' };

  test('is left to the manifest by a policy that does not speak of it', () => {
    const decision = judge(policyOf([rule('none', { then: { outcome: 'deny' } })]), asked);
    expect(decision.requirement).toEqual({ denied: false, quorums: [], delayMs: 0 });
    expect(decision.reasons[0]).toMatchObject({ rule: null, address: null });
    expect(decision.reasons[0].because).toContain('manifest alone decides');
  });

  test('is judged by the rules that name it, and denied when none of them matches', () => {
    const at = (from: string, until: string) =>
      policyOf([
        rule('money', { when: { amountSatoshis: { upTo: '1' } } }),
        rule('day', {
          when: { kinds: ['release'], timeOfDay: { from, until } },
          then: { outcome: 'delay', delayMinutes: 1 },
        }),
      ]);
    expect(judge(at('10:00', '11:00'), asked).requirement).toEqual({
      denied: false,
      quorums: [],
      delayMs: 60_000,
    });
    expect(judge(at('11:00', '12:00'), asked).requirement.denied).toBe(true);
  });
});

describe('a raised limit', () => {
  const daily = rule('daily', {
    when: { velocity: [{ per: 'customer', hours: 24, satoshis: { from: '400000' } }] },
    then: { outcome: 'deny' },
  });
  const raise = (satoshisUpTo: bigint, of = daily) =>
    facts({ raised: [{ ruleHash: ruleHashOf(of), satoshis: satoshisUpTo }] });
  const isDenied = (known: WithdrawalFacts, document = policyOf([daily, rule('all')])) =>
    judge(document, known).requirement.denied;

  test('counts up to its amount, for its rule and the words that it has', () => {
    expect(isDenied(facts())).toBe(true);
    expect(isDenied(raise(500_000n))).toBe(false);
    expect(isDenied(raise(499_999n))).toBe(true);
    expect(isDenied(raise(500_000n, { ...daily, because: 'Something else.' }))).toBe(true);
  });

  test('lets nothing through that a rule stops for another reason', () => {
    const others: Partial<PolicyRule>[] = [
      { when: { destination: { reputation: ['unlisted'] }, amountSatoshis: { from: '1' } } },
      { when: { amountSatoshis: { from: '1' }, riskScore: { from: 1 } } },
      { when: { velocity: [{ per: 'global', hours: 24, satoshis: { from: '1' } }] } },
      { when: { velocity: [{ per: 'customer', hours: 24, withdrawals: { from: 1 } }] } },
      { when: {} },
    ];
    for (const other of others) {
      const stops = rule('stops', { ...other, then: { outcome: 'deny' } });
      expect(limitsOf(stops).size).toBe(0);
      expect(isDenied(raise(2_000_000n, stops), policyOf([stops, rule('all')]))).toBe(true);
    }
    expect(limitsOf(rule('allows', { when: { amountSatoshis: { from: '1' } } })).size).toBe(0);
  });
});
