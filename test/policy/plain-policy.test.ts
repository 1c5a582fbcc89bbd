import { expect, test } from 'vitest';
import { plainPolicy } from '../../src/policy/index.ts';
import { satoshis } from '../../src/shared/index.ts';
import { institution, releaseIntent, withdrawalIntent } from '../fixtures/intents.ts';

const house = institution();
const thresholds = [
  { upTo: satoshis(600_000n), approvals: 2, coolingOffMs: 0 },
  { upTo: satoshis(200_000_000n), approvals: 1, coolingOffMs: 5_000 },
];
const evaluate = (amount: string, rules = thresholds) =>
  plainPolicy({ version: 1, thresholds: rules }).evaluate(
    withdrawalIntent(house, {
      payments: [{ address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', satoshis: amount }],
    }),
    house.manifest,
  );

test('amount and fee cap together choose the threshold; the stricter of policy and manifest counts', () => {
  // 590,000 and a cap of 10,000: the bound itself.
  expect(evaluate('590000')).toMatchObject({ outcome: 'approvals', rule: { approvals: 2 }, coolingOffMs: 0 });
  expect(evaluate('590001')).toMatchObject({ rule: { approvals: 1 }, coolingOffMs: 5_000 });
  // The manifest asks for two above a million, one of them with a key file.
  expect(evaluate('2000000')).toMatchObject({ rule: { approvals: 2, localApprovals: 1 } });
});

test('what no rule allows is denied: too much for the policy, too much for the manifest, no rules at all', () => {
  expect(evaluate('300000000')).toMatchObject({ outcome: 'deny' });
  expect(evaluate('150000000')).toMatchObject({ outcome: 'deny' });
  expect(evaluate('1', [])).toMatchObject({ outcome: 'deny' });
});

test('what moves no coins is decided by the manifest alone, and denied where it has no rule', () => {
  const policy = plainPolicy({ version: 1, thresholds: [] });
  const intent = releaseIntent(house, house.approvers[0]!.id);
  expect(policy.evaluate(intent, house.manifest)).toMatchObject({
    outcome: 'approvals',
    rule: { approvals: 1 },
  });
  expect(policy.evaluate(intent, { ...house.manifest, controlRules: [] })).toMatchObject({ outcome: 'deny' });
});

test('thresholds that do not rise, or ask for nobody, are refused at once', () => {
  const [low, high] = thresholds as [(typeof thresholds)[0], (typeof thresholds)[0]];
  for (const rules of [[high, low], [{ ...low, approvals: 0 }], [{ ...low, upTo: null }, high]]) {
    expect(() => plainPolicy({ version: 1, thresholds: rules })).toThrow(RangeError);
  }
});
