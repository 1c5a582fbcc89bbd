import { parseId } from '../../shared/index.ts';
import { IntentError } from '../errors.ts';
import type { KindRules } from './kind-rules.ts';
import type { WebhookChangeIntent } from './webhook-change-contract.ts';

export const webhookChangeRules: KindRules<WebhookChangeIntent> = {
  quorum: 'control',
  signedBy: ({ body }) => parseId('customer', body.customer),
  explain: ({ body, requester, createdAt, expiresAt }) => [
    `${requester} asks that what happens to the account of customer ${body.customer} is sent to ${body.url} (${body.webhook}).`,
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ],
  interested: ({ body }) => [body.customer],
  check({ body, requester }) {
    if (requester === body.customer) return;
    throw new IntentError('intent_malformed', 'Nobody asks for the webhooks of another.');
  },
};
