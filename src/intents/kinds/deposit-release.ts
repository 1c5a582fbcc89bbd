import { formatBitcoin, parseSatoshis } from '../../shared/index.ts';
import type { DepositReleaseIntent } from './deposit-release-contract.ts';
import type { KindRules } from './kind-rules.ts';

export const depositReleaseRules: KindRules<DepositReleaseIntent> = {
  quorum: 'control',
  explain: ({ body, requester, createdAt, expiresAt }) => [
    `${requester} asks to credit the quarantined deposit ${body.deposit} of ${formatBitcoin(parseSatoshis(body.satoshis))} to customer ${body.customer}.`,
    `On the chain it is ${body.outpoint}.`,
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ],
  interested: ({ body }) => [body.customer],
};
