import { IntentError } from '../errors.ts';
import type { BreakerResetIntent } from './breaker-reset-contract.ts';
import type { KindRules } from './kind-rules.ts';

export const breakerResetRules: KindRules<BreakerResetIntent> = {
  quorum: 'control',
  explain: ({ body, requester, createdAt, expiresAt }) => [
    `${requester} asks to reset the circuit breaker ${body.breaker}, which ${body.trippedBy} has tripped: money flows out again, of every customer.`,
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ],
  interested: ({ body }) => [body.trippedBy],
  check({ body, requester }) {
    if (requester !== body.trippedBy) return;
    throw new IntentError('intent_malformed', 'Whoever tripped the breaker does not ask to reset it.');
  },
};
