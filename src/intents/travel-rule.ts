import { parseSatoshis } from '../shared/index.ts';
import { IntentError } from './errors.ts';
import type { WithdrawalIntent } from './intent-contract.ts';
import { paymentsTotal } from './kinds/payments.ts';
import type { Manifest } from './manifest-contract.ts';

/**
 * Above the amount that the officers' manifest names, a withdrawal says who gets the coins.
 * @throws IntentError `travel_rule_missing`.
 */
export function checkTravelRule({ id, body }: WithdrawalIntent, { limits }: Manifest): void {
  const above = limits.travelRuleAboveSatoshis;
  if (above === undefined || body.travelRule !== undefined) return;
  if (paymentsTotal(body.payments) <= parseSatoshis(above)) return;
  throw new IntentError(
    'travel_rule_missing',
    'A withdrawal of so much says who gets it, and where it is kept.',
    {
      details: { intent: id, aboveSatoshis: above },
    },
  );
}
