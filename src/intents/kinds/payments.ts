import { parseSatoshis, satoshis, type Satoshis } from '../../shared/index.ts';
import type { Payment } from './withdrawal-contract.ts';

/** @throws SharedError `amount_out_of_range` when the payments add up to more than all bitcoin. */
export function paymentsTotal(payments: readonly Payment[]): Satoshis {
  return satoshis(payments.reduce((sum, payment) => sum + parseSatoshis(payment.satoshis), 0n));
}
