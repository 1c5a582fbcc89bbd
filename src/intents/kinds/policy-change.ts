import type { KindRules } from './kind-rules.ts';
import type { PolicyChangeIntent } from './policy-change-contract.ts';

export const policyChangeRules: KindRules<PolicyChangeIntent> = {
  quorum: 'control',
  explain: ({ body, requester, createdAt, expiresAt }) => [
    `${requester} asks to put the policy ${body.policyHash} in force, as drafted in ${body.draft}, in place of version ${body.replaces} (${body.replacesHash}).`,
    'It is looser than the one in force, and takes effect some time after its approval.',
    ...body.loosens,
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ],
  interested: () => [],
};
