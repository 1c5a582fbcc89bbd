import { parseAddress } from '../../bitcoin/index.ts';
import { addSatoshis, formatBitcoin, parseId, parseSatoshis } from '../../shared/index.ts';
import { IntentError } from '../errors.ts';
import { checkTravelRule } from '../travel-rule.ts';
import type { KindRules } from './kind-rules.ts';
import { paymentsTotal } from './payments.ts';
import type { SpendRules } from './spend-rules.ts';
import type { WithdrawalIntent } from './withdrawal-contract.ts';

/** Who gets it, as the Travel Rule has it said. */
function beneficiaryLines({ travelRule }: WithdrawalIntent['body']): readonly string[] {
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

export const withdrawalSpend: SpendRules<WithdrawalIntent> = {
  shares: true,
  source: ({ body }) => ({
    wallet: body.wallet,
    descriptorHash: body.descriptorHash,
    owner: body.balance === 'vault' ? body.customer : null,
  }),
  outputs: ({ body }, network) =>
    body.payments.map((payment) => ({
      scriptPubKey: parseAddress(payment.address, network).scriptPubKey,
      value: parseSatoshis(payment.satoshis),
    })),
  maxFee: ({ body }) => parseSatoshis(body.maxFeeSatoshis),
  stops: ({ body }) => ({ customers: [parseId('customer', body.customer)], breaker: true }),
  admit: checkTravelRule,
  asWritten: ({ id, kind, requester, expiresAt, body }) => [
    `Intent ${id}: ${kind} of ${body.customer} from the ${body.balance} balance, asked for by ${requester}.`,
    ...body.payments.map(({ address, satoshis }) => `  to pay ${satoshis} satoshis to ${address}`),
    `  for a fee of at most ${body.maxFeeSatoshis} satoshis, until ${expiresAt}`,
    ...beneficiaryLines(body).map((line) => `  ${line}`),
    ...(body.memo === undefined ? [] : [`  with the note “${body.memo}”, which proves nothing`]),
  ],
};
