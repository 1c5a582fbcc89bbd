import { IntentError } from '../errors.ts';
import type { ReleaseIntent } from './release-contract.ts';
import type { KindRules } from './kind-rules.ts';

export const releaseRules: KindRules<ReleaseIntent> = {
  quorum: 'control',
  explain: ({ body, requester, createdAt, expiresAt }) => [
    `${requester} asks to lift the restriction ${body.restriction} of customer ${body.customer}, and no other.`,
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ],
  interested: ({ body }) => [body.customer, body.openedBy],
  check({ body, requester }) {
    if (requester !== body.openedBy) return;
    throw new IntentError('intent_malformed', 'Whoever imposed a restriction does not ask to lift it.');
  },
};
