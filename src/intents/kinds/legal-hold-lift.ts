import { formatBitcoin, parseSatoshis } from '../../shared/index.ts';
import { IntentError } from '../errors.ts';
import type { KindRules } from './kind-rules.ts';
import type { LegalHoldLiftIntent } from './legal-hold-lift-contract.ts';

export const legalHoldLiftRules: KindRules<LegalHoldLiftIntent> = {
  quorum: 'control',
  explain: ({ body, requester, createdAt, expiresAt }) => [
    `${requester} asks to lift the hold ${body.hold} of ${formatBitcoin(parseSatoshis(body.satoshis))} on a balance of customer ${body.customer}.`,
    `It was entered by ${body.imposedBy} for the legal order ${body.reference}.`,
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ],
  interested: ({ body }) => [body.customer, body.imposedBy],
  check({ requester, body }) {
    if (requester !== body.imposedBy) return;
    throw new IntentError('intent_malformed', 'Whoever entered a legal order does not ask to lift it.');
  },
};
