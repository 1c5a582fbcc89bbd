import type { DatabaseTransaction } from '../database/index.ts';
import { idFromUuid } from '../shared/index.ts';
import { compilePolicy, type Decision } from './evaluate.ts';
import { readFacts } from './facts-record.ts';
import type { PolicyDocument } from './policy-document-contract.ts';
import { sentence } from './policy-in-force.ts';
import { replay, type PastWithdrawal } from './replay.ts';

const HOUR_MS = 3_600_000;
/** A request is answered within seconds; a longer history is simulated in parts. */
const MAX_HISTORY = 20_000;
const MAX_SHOWN = 100;

/** How one withdrawal would be decided otherwise, in words. */
interface ShownDifference {
  readonly intent: string;
  readonly judgedAt: Date;
  readonly before: string;
  readonly after: string;
}

export interface Simulation {
  readonly judged: number;
  readonly different: number;
  /** The history was longer than what is simulated at once; the newest of it was left out. */
  readonly truncated: boolean;
  /** The first ones. */
  readonly shown: readonly ShownDifference[];
}

function words({ requirement, reasons }: Decision): string {
  const why = [...new Set(reasons.map(sentence))].join(' ');
  if (requirement.denied) return `denied: ${why}`;
  const { quorums, delayMs } = requirement;
  const asked = quorums.map(
    ({ approvals, roles, localApprovals }) =>
      `${approvals} of ${roles.join(', ')}${localApprovals === 0 ? '' : `, ${localApprovals} with a key file`}`,
  );
  const rests = delayMs === 0 ? [] : [`${delayMs / 60_000} minutes of rest`];
  const all = [...asked, ...rests];
  return `${all.length === 0 ? 'as the manifest says' : all.join(' and ')}: ${why}`;
}

/** Judges the withdrawals of a period by a policy and by a draft. Nothing is changed. */
export async function simulate(
  tx: DatabaseTransaction,
  base: PolicyDocument,
  draft: PolicyDocument,
  period: { readonly from: Date; readonly until: Date },
): Promise<Simulation> {
  const [before, after] = [compilePolicy(base), compilePolicy(draft)];
  const longest = Math.max(0, ...[...before.windows, ...after.windows].map(({ hours }) => hours));
  const rows = await tx.policyAdmission.findMany({
    where: {
      judgedAt: { gte: new Date(period.from.getTime() - (longest + 1) * HOUR_MS), lt: period.until },
    },
    orderBy: [{ judgedAt: 'asc' }, { intentId: 'asc' }],
    take: MAX_HISTORY + 1,
  });
  const history = rows.slice(0, MAX_HISTORY).map(({ intentId, judgedAt, ended, facts }): PastWithdrawal => ({
    intent: idFromUuid('intent', intentId),
    judgedAtMs: judgedAt.getTime(),
    ended,
    facts: readFacts(facts),
  }));
  const { judged, differences } = replay(before, after, history, period.from.getTime());
  return {
    judged,
    different: differences.length,
    truncated: rows.length > MAX_HISTORY,
    shown: differences.slice(0, MAX_SHOWN).map(({ intent, judgedAtMs, before: then, after: now }) => ({
      intent,
      judgedAt: new Date(judgedAtMs),
      before: words(then),
      after: words(now),
    })),
  };
}
