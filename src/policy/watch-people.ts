import type { QueueActor } from '../approvals/index.ts';
import { inTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import type { PolicyChangeParts } from './policy-change-parts.ts';
import { unmeetable } from './satisfiable.ts';

const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };

/**
 * Checks, once for each manifest and version, that people can still meet the policy in force, and says so when they
 * cannot: somebody has left, or lost a role. @returns how many checks there were to make.
 */
export async function watchPeople(parts: Omit<PolicyChangeParts, 'queue'>): Promise<number> {
  const manifest = await parts.manifest();
  return await inTransaction(parts.database, async (tx) => {
    const { number, document } = await parts.policy.current(tx);
    const key = { manifestNumber: manifest.number, policyVersion: number };
    const problems = unmeetable(document, manifest);
    const checkedAt = new Date(parts.clock.nowMs());
    const { count } = await tx.policyCheck.createMany({
      data: [{ ...key, problems: problems.length, checkedAt }],
      skipDuplicates: true,
    });
    if (count === 0) return 0;
    if (problems.length > 0) {
      const text = `Version ${number}: ${problems.map(({ because }) => because).join(' ')}`;
      const alert = { subject: 'policy', code: 'policy_unmeetable', during: 'policy.watch', text };
      await raiseAlert(tx, alert, WORKER, parts.clock);
    }
    return 1;
  });
}
