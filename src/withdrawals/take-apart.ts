import type { DatabaseTransaction } from '../database/index.ts';
import { describeError, isDomainError } from '../shared/index.ts';
import { unbuild } from './group-moves.ts';
import type { Payout } from './payout-store.ts';
import type { Group, Member, StepParts } from './withdrawal-parts.ts';

/** Whom a refusal is about: those that it names, or all when it names none. */
function blamed({ members }: Group, thrown: unknown): readonly Member[] {
  if (!isDomainError(thrown)) return members;
  const { intent, intentHash } = thrown.details;
  const found = members.filter(({ stored }) => stored.id === intent || stored.hash === intentHash);
  return found.length > 0 ? found : members;
}

/**
 * Takes a payout apart that was refused for good. Those that the refusal names are tried alone from now on, and fail
 * alone; the others are built again without them, with the approvals that they have.
 * @returns false when the signer has signed it: then it counts as paid.
 */
export async function takeApart(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group & { readonly payout: Payout },
  thrown: unknown,
): Promise<boolean> {
  const reason = `It is taken apart: ${describeError(thrown)}`;
  return await unbuild(parts, tx, group, reason, blamed(group, thrown));
}
