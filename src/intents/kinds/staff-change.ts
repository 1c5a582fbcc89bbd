import { IntentError } from '../errors.ts';
import type { KindRules } from './kind-rules.ts';
import type { StaffChangeIntent, Standing } from './staff-change-contract.ts';

function words({ roles, suspended }: Standing): string {
  const named = roles.length === 0 ? 'no role' : roles.join(', ');
  return suspended ? `${named}, suspended` : named;
}

export const staffChangeRules: KindRules<StaffChangeIntent> = {
  quorum: 'control',
  explain: ({ body, requester, createdAt, expiresAt }) => [
    `${requester} asks to give ${body.staff} (${body.name}, ${body.email}) these roles in the application: ${words(body.after)}.`,
    `Until now it has: ${words(body.before)}.`,
    'It names nobody as an approver: that is what the officers’ manifest does.',
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ],
  interested: ({ body }) => [body.staff],
  check({ body, requester }) {
    if (requester === body.staff) {
      throw new IntentError('intent_malformed', 'Nobody asks for roles of their own.');
    }
    const hasMore = body.after.roles.some((role) => !body.before.roles.includes(role));
    const isBack = body.before.suspended && !body.after.suspended;
    if (hasMore || isBack) return;
    throw new IntentError('intent_malformed', 'Less needs no approval.');
  },
};
