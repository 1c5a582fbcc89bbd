import { expect, it } from 'vitest';
import {
  explainIntent,
  intentHash,
  parseIntent,
  parseSigningBundle,
  verifyBundle,
  type TravelRule,
  type WithdrawalIntent,
} from '../../src/intents/index.ts';
import { statedTravelRuleSchema } from '../../src/intents/kinds/travel-rule-contract.ts';
import { bundleOf, bundleTrust, custody, payoutIntent, registeredWallet } from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';

const house = custody();
const wallet = registeredWallet(house, 'vault');
const BENEFICIARY: TravelRule = {
  held: 'institution',
  beneficiary: 'Grace Hopper',
  institution: 'First Bank',
  country: 'DE',
  lei: '5299000J2N45DDNE4Y28',
};

function payout(travelRule?: TravelRule): WithdrawalIntent {
  const intent = payoutIntent(wallet);
  return travelRule === undefined ? intent : { ...intent, body: { ...intent.body, travelRule } };
}

/** What station and signer say of it, when more than this must say who gets it. */
async function judged(intent: WithdrawalIntent, above: string | undefined): Promise<string> {
  const trust = bundleTrust(house, wallet);
  const { limits } = trust.manifest;
  const manifest = {
    ...trust.manifest,
    limits: above === undefined ? limits : { ...limits, travelRuleAboveSatoshis: above },
  };
  const bundle = parseSigningBundle(structuredClone(bundleOf(house, wallet, [intent])));
  try {
    await verifyBundle(bundle, { ...trust, manifest }, NOW);
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
}

it('above the manifest’s amount station and signer refuse a withdrawal that does not say who gets it', async () => {
  expect(await judged(payout(), undefined)).toBe('accepted');
  expect(await judged(payout(), '500000')).toBe('accepted');
  expect(await judged(payout(), '499999')).toBe('travel_rule_missing');
  expect(await judged(payout(BENEFICIARY), '499999')).toBe('accepted');
  expect(await judged(payout({ held: 'here' }), '0')).toBe('accepted');
});

it('is part of what is signed and approved, and is read out', () => {
  const intent = payout(BENEFICIARY);
  const other = {
    ...intent,
    body: { ...intent.body, travelRule: { ...BENEFICIARY, beneficiary: 'Mallory' } },
  };
  expect(intentHash(other)).not.toBe(intentHash(intent));
  expect(explainIntent(intent)).toContain(
    'It goes to Grace Hopper, kept by First Bank (LEI 5299000J2N45DDNE4Y28) in DE, says the customer.',
  );
  expect(explainIntent(payout({ held: 'beneficiary', beneficiary: 'Ada' }))).toContain(
    'It goes to Ada, into a wallet of their own, says the customer.',
  );
});

it.each([
  { ...BENEFICIARY, beneficiary: '' },
  { ...BENEFICIARY, country: 'Germany' },
  { ...BENEFICIARY, lei: 'x' },
  { ...BENEFICIARY, note: 'more' },
  { held: 'institution', beneficiary: 'Ada' },
  { held: 'beneficiary', beneficiary: 'Ada\u202e' },
])('is of a closed form: %j is refused', (travelRule) => {
  const intent = payout();
  expect(() => parseIntent({ ...intent, body: { ...intent.body, travelRule } })).toThrow(
    expect.objectContaining({ code: 'intent_malformed' }),
  );
});

it('a customer does not say that it stays here', () => {
  expect(statedTravelRuleSchema.safeParse({ held: 'here' }).success).toBe(false);
});
