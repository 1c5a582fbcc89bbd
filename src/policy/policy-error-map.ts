import type { ErrorEntry } from '../http/index.ts';
import type { PolicyErrorCode } from './errors.ts';

/** How refusals of the policy look over HTTP. */
export const policyErrorMap = {
  policy_malformed: { status: 422, title: 'The policy is malformed' },
  policy_too_large: { status: 422, title: 'The policy is too large' },
  policy_conflicting: { status: 422, title: 'The policy contradicts itself' },
  policy_cyclic: { status: 422, title: 'Lists of the policy include each other' },
  policy_unmeetable: { status: 422, title: 'Nobody could meet the policy' },
  policy_unchanged: { status: 409, title: 'The policy changes nothing' },
  policy_damaged: { status: 500, title: 'The stored policy is damaged' },
  policy_version_unknown: { status: 404, title: 'There is no such version of the policy' },
  policy_draft_unknown: { status: 404, title: 'There is no such draft' },
  policy_draft_outdated: { status: 409, title: 'Another policy is in force by now' },
  policy_draft_settled: { status: 409, title: 'The draft was proposed already' },
  limit_rule_unknown: { status: 422, title: 'The policy has no such limit' },
  limit_raise_invalid: { status: 422, title: 'This raises no limit' },
  limit_raise_own: { status: 403, title: 'Nobody raises limits of their own' },
  limit_raise_unknown: { status: 404, title: 'There is no such raise in force' },
} as const satisfies Readonly<Record<PolicyErrorCode, ErrorEntry>>;
