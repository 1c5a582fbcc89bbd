import { formatBitcoin, parseSatoshis } from '../../shared/index.ts';
import { IntentError } from '../errors.ts';
import type { KindRules } from './kind-rules.ts';
import type { LimitRaiseIntent } from './limit-raise-contract.ts';

export const limitRaiseRules: KindRules<LimitRaiseIntent> = {
  quorum: 'control',
  explain: ({ body, requester, createdAt, expiresAt }) => [
    `${requester} asks to raise a limit of customer ${body.customer}: until ${body.until} the policy’s rule “${body.rule}” (${body.ruleHash}) does not count up to ${formatBitcoin(parseSatoshis(body.satoshis))}.`,
    'Every other rule counts as before, and so do the limits of the officers’ manifest.',
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ],
  interested: ({ body }) => [body.customer],
  check({ body, createdAt }) {
    if (Date.parse(body.until) > Date.parse(createdAt)) return;
    throw new IntentError('intent_malformed', 'A raise that ends before it begins is none.');
  },
};
