import type { KeyRotationIntent } from './key-rotation-contract.ts';
import type { KindRules } from './kind-rules.ts';

export const keyRotationRules: KindRules<KeyRotationIntent> = {
  quorum: 'control',
  explain: ({ body, requester, createdAt, expiresAt }) => [
    `${requester} asks to give customer ${body.customer} a wallet with other keys, ${body.replacement}, in the place of ${body.wallet}.`,
    ...body.customerKeys.map(
      ({ statement }) => `A new key of the customer’s own: ${statement.origin}${statement.xpub}.`,
    ),
    'The old wallet gives out no more addresses; what it holds moves by withdrawals that the customer signs.',
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ],
  interested: ({ body }) => [body.customer],
};
