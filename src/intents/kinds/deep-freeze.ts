import type { DeepFreezeIntent } from './deep-freeze-contract.ts';
import type { KindRules } from './kind-rules.ts';

export const deepFreezeRules: KindRules<DeepFreezeIntent> = {
  quorum: 'control',
  explain: ({ body, requester, createdAt, expiresAt }) => [
    `${requester} asks to freeze customer ${body.customer} deeply (${body.restriction}).`,
    'The signer erases the platform keys of all wallets of this customer. They come back only from their offline wrap, by officers at a station, after another approval and a time lock.',
    `The customer reads: ${body.text}`,
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ],
  interested: ({ body }) => [body.customer],
};
