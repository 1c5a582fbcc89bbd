import type { Manifest, QuorumRule } from '../intents/index.ts';
import type { PolicyDocument } from './policy-document-contract.ts';
import { requirementOf } from './requirement.ts';

/** A rule that nobody could ever meet. */
export interface Unmeetable {
  /** Null: what is beside the rules. */
  readonly rule: string | null;
  readonly because: string;
}

export type People = Pick<Manifest, 'approvers' | 'officers'>;

/** Different people of these roles, and how many of them have a key file. */
function eligible(
  { approvers }: People,
  roles: QuorumRule['roles'],
): { readonly people: ReadonlySet<string>; readonly local: ReadonlySet<string> } {
  const inRole = approvers.filter(({ role }) => roles.includes(role));
  const withFile = inRole.filter(({ key }) => key.algorithm === 'rsa-pss-sha256');
  return {
    people: new Set(inRole.map(({ person }) => person)),
    local: new Set(withFile.map(({ person }) => person)),
  };
}

/** Whether somebody can ask who is not needed to approve: whoever asks does not approve. */
function hasOutsider(manifest: People, people: ReadonlySet<string>): boolean {
  const { approvers, officers } = manifest;
  return [...approvers, ...officers].some(({ person }) => !people.has(person));
}

function shortage(manifest: People, quorum: QuorumRule, byStaff: boolean): string | undefined {
  const { people, local } = eligible(manifest, quorum.roles);
  const asking = byStaff && !hasOutsider(manifest, people) ? 1 : 0;
  // Whoever asks is best somebody without a key file.
  const files = people.size > local.size ? local.size : local.size - asking;
  const roles = quorum.roles.join(', ');
  const besides = asking === 1 ? ' besides whoever asks' : '';
  if (people.size - asking < quorum.approvals) {
    return `It asks for ${quorum.approvals} of ${roles}${besides}, and the manifest names ${people.size} in all.`;
  }
  if (files < quorum.localApprovals) {
    return `It asks for ${quorum.localApprovals} of ${roles} with a key file${besides}, and the manifest names ${local.size} in all.`;
  }
  return undefined;
}

const LOCKED = 'No rule that lasts lets anybody change the policy any more.';

/** Whether a policy that speaks of changes of policies denies them for ever. */
function isLocked({ rules }: PolicyDocument): boolean {
  const about = rules.filter(({ when }) => when.kinds?.includes('policy_change'));
  if (about.length === 0) return false;
  const deciding = about.find(
    ({ when, then, expiresAt }) =>
      (when.initiators?.includes('staff') ?? true) &&
      (then.outcome === 'deny' ? when.timeOfDay === undefined : expiresAt === undefined),
  );
  return deciding === undefined || deciding.then.outcome === 'deny';
}

/**
 * What no set of people of the manifest can meet, and whether the policy could never be changed again. Empty for a
 * policy under which somebody can approve whatever it does not deny.
 */
export function unmeetable(document: PolicyDocument, manifest: People): readonly Unmeetable[] {
  const found: Unmeetable[] = [];
  for (const { name, then, when } of document.rules) {
    const requirement = requirementOf(then);
    const byStaff = when.kinds?.some((kind) => kind !== 'withdrawal') ?? false;
    for (const quorum of requirement.denied ? [] : requirement.quorums) {
      const because = shortage(manifest, quorum, byStaff);
      if (because !== undefined) found.push({ rule: name, because });
    }
  }
  if (isLocked(document)) found.push({ rule: null, because: LOCKED });
  return found;
}
