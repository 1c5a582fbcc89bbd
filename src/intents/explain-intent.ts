import { addSatoshis, formatBitcoin, parseSatoshis } from '../shared/index.ts';
import type { Intent } from './intent-contract.ts';
import { paymentsTotal } from './intent.ts';

/** What an intent says, in plain words, a sentence each; from its own bytes and nothing else. */
export function explainIntent(intent: Intent): readonly string[] {
  const { body, requester, network } = intent;
  const paid = paymentsTotal(body.payments);
  const maxFee = parseSatoshis(body.maxFeeSatoshis);
  const from =
    body.balance === 'vault' ? `the vault ${body.wallet}` : 'the spending balance, out of the treasury';
  return [
    `${requester} asks to withdraw ${formatBitcoin(paid)} of customer ${body.customer} from ${from} on ${network}.`,
    ...body.payments.map(
      ({ address, satoshis }) => `Pays ${formatBitcoin(parseSatoshis(satoshis))} to ${address}.`,
    ),
    `The network fee is at most ${formatBitcoin(maxFee)}; at most ${formatBitcoin(addSatoshis(paid, maxFee))} leaves in all.`,
    ...(body.memo === undefined ? [] : [`The customer writes: ${body.memo}`]),
    `Asked at ${intent.createdAt}; void after ${intent.expiresAt}.`,
  ];
}
