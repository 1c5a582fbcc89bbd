import { createHash } from 'node:crypto';
import type { QueueActor } from '../approvals/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { idFromUuid, idToUuid, parseId } from '../shared/index.ts';
import type { PolicyChangeParts } from './policy-change-parts.ts';
import { unmeetable, type People } from './satisfiable.ts';

const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };

/** Approvers and officers of the manifest whose accounts are suspended: they sign nothing any more. */
async function suspended(tx: DatabaseTransaction, people: People): Promise<ReadonlySet<string>> {
  const ids = [...people.approvers, ...people.officers].map(({ id }) => idToUuid(parseId('staff', id)));
  const rows = await tx.staff.findMany({
    where: { id: { in: ids }, disabledAt: { not: null } },
    select: { id: true },
    orderBy: { id: 'asc' },
  });
  return new Set(rows.map(({ id }) => idFromUuid('staff', id)));
}

/**
 * Checks, once for each manifest, version and set of suspended accounts, that people can still meet the policy in force,
 * and says so when they cannot: somebody has left, was suspended, or lost a role. @returns how many checks there were to
 * make.
 */
export async function watchPeople(parts: Omit<PolicyChangeParts, 'queue'>): Promise<number> {
  const manifest = await parts.manifest();
  return await inTransaction(parts.database, async (tx) => {
    const { number, document } = await parts.policy.current(tx);
    const gone = await suspended(tx, manifest);
    const isHere = ({ id }: { readonly id: string }) => !gone.has(id);
    const [approvers, officers] = [manifest.approvers.filter(isHere), manifest.officers.filter(isHere)];
    const away =
      gone.size === 0
        ? ''
        : createHash('sha256')
            .update([...gone].join())
            .digest('hex');
    const key = { manifestNumber: manifest.number, policyVersion: number, away };
    const problems = unmeetable(document, { approvers, officers });
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
