import { IntentError } from '../errors.ts';
import type { MasterLockRecoveryIntent } from './master-lock-recovery-contract.ts';
import type { KindRules } from './kind-rules.ts';

export const masterLockRecoveryRules: KindRules<MasterLockRecoveryIntent> = {
  quorum: 'officers',
  explain({ body, requester, network, expiresAt }) {
    const { identification, registration } = body;
    return [
      `${requester} asks to give customer ${body.customer} a new master lock on ${network}: the file of ${body.lost} is lost.`,
      `The new lock is ${registration.statement.id}; what it signs, the customer says.`,
      `The customer was recognised at ${identification.checkedAt} by ${identification.method}; see ${identification.reference}.`,
      'It takes effect 14 days after the officers have approved it, unless the customer or the old file objects.',
      `Void unless approved before ${expiresAt}.`,
    ];
  },
  interested: ({ body }) => [body.customer],
  /** The new lock is the same customer's, and names the lost one as the one whose place it takes. */
  check({ body }) {
    const { statement } = body.registration;
    if (statement.customer === body.customer && statement.replaces === body.lost) return;
    throw new IntentError('intent_malformed', 'The new lock does not take the place of the lost one.');
  },
};
