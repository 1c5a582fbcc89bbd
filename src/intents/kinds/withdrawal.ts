import {
  addSatoshis,
  formatBitcoin,
  parseId,
  parseSatoshis,
  satoshis,
  type Satoshis,
} from '../../shared/index.ts';
import { IntentError } from '../errors.ts';
import type { KindRules } from './kind-rules.ts';
import type { Payment, WithdrawalIntent } from './withdrawal-contract.ts';

/** @throws SharedError `amount_out_of_range` when the payments add up to more than all bitcoin. */
export function paymentsTotal(payments: readonly Payment[]): Satoshis {
  return satoshis(payments.reduce((sum, payment) => sum + parseSatoshis(payment.satoshis), 0n));
}

/** Who gets it, as the Travel Rule has it said. */
export function beneficiaryLines({ travelRule }: WithdrawalIntent['body']): readonly string[] {
  if (travelRule === undefined) return [];
  if (travelRule.held === 'here') return ['It stays with us, in another balance of the same customer.'];
  const { beneficiary } = travelRule;
  if (travelRule.held === 'beneficiary')
    return [`It goes to ${beneficiary}, into a wallet of their own, says the customer.`];
  const { institution, country, lei } = travelRule;
  const named = lei === undefined ? institution : `${institution} (LEI ${lei})`;
  return [`It goes to ${beneficiary}, kept by ${named} in ${country}, says the customer.`];
}

function explain(intent: WithdrawalIntent): readonly string[] {
  const { body, requester, network } = intent;
  const paid = paymentsTotal(body.payments);
  const maxFee = parseSatoshis(body.maxFeeSatoshis);
  const from =
    body.balance === 'vault' ? `the vault ${body.wallet}` : 'the spending balance, out of the treasury';
  return [
    `${requester} asks to withdraw ${formatBitcoin(paid)} of customer ${body.customer} from ${from} on ${network}.`,
    ...body.payments.map(
      ({ address, satoshis: paidSatoshis }) =>
        `Pays ${formatBitcoin(parseSatoshis(paidSatoshis))} to ${address}.`,
    ),
    `The network fee is at most ${formatBitcoin(maxFee)}; at most ${formatBitcoin(addSatoshis(paid, maxFee))} leaves in all.`,
    ...beneficiaryLines(body),
    ...(body.memo === undefined ? [] : [`The customer writes: ${body.memo}`]),
    `Asked at ${intent.createdAt}; void after ${intent.expiresAt}.`,
  ];
}

export const withdrawalRules: KindRules<WithdrawalIntent> = {
  quorum: 'amount',
  signedBy: ({ body }) => parseId('customer', body.customer),
  explain,
  interested: ({ body }) => [body.customer],
  atStake: ({ body }) => addSatoshis(paymentsTotal(body.payments), parseSatoshis(body.maxFeeSatoshis)),
  check({ body }) {
    if (!body.payments.some((payment) => payment.satoshis === '0')) return;
    throw new IntentError('intent_malformed', 'A payment of nothing is not a payment.');
  },
};
