import type { QueueActor } from '../approvals/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { idFromUuid, isDomainError } from '../shared/index.ts';
import { DEFAULT_VERSION } from './default-document.ts';
import type { PolicyChangeParts } from './policy-change-parts.ts';
import { evidenceOf } from './policy-evidence.ts';
import { numberInForce, type PolicyVersion } from './policy-store.ts';
import { verifyPolicy } from './verify-policies.ts';

const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
const MAX_PROBLEM = 500;

interface PutInForce {
  readonly after?: { readonly version?: number; readonly hash?: string } | null;
}

/** The audit log has the deed: it is written in the same transaction, sealed, and attested by the signer. */
async function isAudited(tx: DatabaseTransaction, { number, hash }: PolicyVersion): Promise<boolean> {
  const row = await tx.policyVersion.findUniqueOrThrow({ where: { number }, select: { draftId: true } });
  const entries = await tx.auditEntry.findMany({
    where: { action: 'policy.put_in_force', entity: idFromUuid('policy', row.draftId) },
    select: { content: true },
  });
  return entries.some(({ content }) => {
    const { after } = JSON.parse(content) as PutInForce;
    return after?.version === number && after.hash === hash;
  });
}

/** Why a version should not be in force; null when all is well. */
async function problemOf(
  { policy, manifest, clock }: Omit<PolicyChangeParts, 'queue' | 'database'>,
  tx: DatabaseTransaction,
  number: number,
): Promise<string | null> {
  const manifests = [await manifest()];
  try {
    const [before, version] = [await policy.find(tx, number - 1), await policy.find(tx, number)];
    const origin = { kind: 'built_in' } as const;
    await verifyPolicy(
      await evidenceOf(tx, version),
      { ...before, origin },
      { manifests, nowMs: clock.nowMs() },
    );
    if (await isAudited(tx, version)) return null;
    return `The audit log does not know how version ${number} of the policy came into force.`;
  } catch (thrown) {
    if (!isDomainError(thrown) || thrown.retryable) throw thrown;
    return thrown.message.slice(0, MAX_PROBLEM);
  }
}

/**
 * Checks of the next version, once, by whose word it came into force: what was provably tighter, or what people approved
 * by signatures that the manifest knows, and either way what the audit log knows of. People hear of one that somebody
 * only wrote into the database. @returns how many there were to check.
 */
export async function watchOrigins(parts: Omit<PolicyChangeParts, 'queue'>): Promise<number> {
  return await inTransaction(parts.database, async (tx) => {
    const last = await tx.policyOrigin.findFirst({ orderBy: { number: 'desc' }, select: { number: true } });
    const number = (last?.number ?? DEFAULT_VERSION) + 1;
    if (number > (await numberInForce(tx))) return 0;
    const problem = await problemOf(parts, tx, number);
    const checkedAt = new Date(parts.clock.nowMs());
    const { count } = await tx.policyOrigin.createMany({
      data: [{ number, problem, checkedAt }],
      skipDuplicates: true,
    });
    if (count === 0) return 0;
    if (problem !== null) {
      const alert = { subject: 'policy', code: 'policy_unaccounted', during: 'policy.watch', text: problem };
      await raiseAlert(tx, alert, WORKER, parts.clock);
    }
    return 1;
  });
}
