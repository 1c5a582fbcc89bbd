import { findIntent, requireKind } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { policyEvidenceSchema, type PolicyEvidence } from '../intents/index.ts';
import { idFromUuid } from '../shared/index.ts';
import { DEFAULT_VERSION } from './default-document.ts';
import type { PolicyVersion } from './policy-store.ts';

/** A version as it is stored, with what people signed to put it in force. @throws ApprovalError `queued_intent_…`. */
export async function evidenceOf(
  tx: DatabaseTransaction,
  { number, document }: Pick<PolicyVersion, 'number' | 'document'>,
): Promise<PolicyEvidence> {
  const row = await tx.policyVersion.findUnique({ where: { number }, select: { intentId: true } });
  const intentId = row?.intentId ?? null;
  if (intentId === null) return policyEvidenceSchema.parse({ number, document, change: null });
  const { intent, request, approvals } = requireKind(
    await findIntent(tx, idFromUuid('intent', intentId)),
    'policy_change',
  );
  return policyEvidenceSchema.parse({ number, document, change: { intent, request, approvals } });
}

/**
 * These versions, each back to the nearest one before it that people approved or that is built in, in rising order:
 * enough to check by whose word each came into force.
 * @throws PolicyError `policy_version_unknown`, `policy_damaged`; ApprovalError `queued_intent_…`.
 */
export async function policyEvidence(
  tx: DatabaseTransaction,
  find: (tx: DatabaseTransaction, number: number) => Promise<PolicyVersion>,
  numbers: readonly number[],
): Promise<readonly PolicyEvidence[]> {
  const found = new Map<number, PolicyEvidence>();
  for (const wanted of numbers) {
    for (let number = wanted; number >= DEFAULT_VERSION && !found.has(number); number -= 1) {
      const evidence = await evidenceOf(tx, await find(tx, number));
      found.set(number, evidence);
      if (evidence.change !== null) break;
    }
  }
  return [...found.values()].sort((one, other) => one.number - other.number);
}
