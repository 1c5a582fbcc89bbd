import type { PolicyOutcome } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { WithdrawalIntent } from '../intents/index.ts';
import { canonicalJson, idToUuid, parseId, type JsonValue } from '../shared/index.ts';
import { factsText, readFacts, type RecordedFacts } from './facts-record.ts';

/**
 * One after the other: two withdrawals at once cannot both pass a limit that has room for one. Lasts until the
 * transaction ends.
 */
export async function lockAdmissions(tx: DatabaseTransaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('trilock/policy-admission'))`;
}

/** What was known of a withdrawal when it was judged first; nothing before. @throws PolicyError `policy_damaged`. */
export async function findAdmission(
  tx: DatabaseTransaction,
  intent: WithdrawalIntent,
): Promise<RecordedFacts | undefined> {
  const row = await tx.policyAdmission.findUnique({
    where: { intentId: idToUuid(parseId('intent', intent.id)) },
    select: { facts: true },
  });
  return row === null ? undefined : readFacts(row.facts);
}

/** Writes down how a withdrawal was judged. Unless it is denied, every window counts it from now on. */
export async function recordAdmission(
  tx: DatabaseTransaction,
  intent: WithdrawalIntent,
  judged: {
    readonly facts: RecordedFacts;
    readonly policyVersion: number;
    readonly outcome: PolicyOutcome;
    readonly at: Date;
  },
): Promise<void> {
  const { facts, policyVersion, outcome, at: judgedAt } = judged;
  const intentId = idToUuid(parseId('intent', intent.id));
  const customerId = idToUuid(parseId('customer', facts.customer));
  const ended = outcome.outcome === 'deny';
  await tx.policyAdmission.create({
    data: {
      ...{ intentId, customerId, judgedAt, policyVersion, ended },
      satoshis: facts.amount,
      facts: factsText(facts),
      decision: canonicalJson(outcome as unknown as JsonValue),
    },
  });
  await tx.policyPayment.createMany({
    data: facts.payees.map(({ address, satoshis }) => ({
      ...{ intentId, customerId, judgedAt, ended, address, satoshis },
    })),
  });
}
