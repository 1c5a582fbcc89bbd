import { exportPeriod, verifyAudit } from '../../audit/index.ts';
import { systemClock } from '../../shared/index.ts';
import type { Stage } from './stage.ts';

/** An entry as it is exported. */
interface Recorded {
  readonly actor: string;
  readonly strength: string;
  readonly action: string;
  readonly requestId: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
}

const PERSON = /^(customer|staff|integrator):/;
/** What comes into being has no state before. */
const BEGINS = /\.(request|detect|create|add|register|submit|import)$/;

function hasState(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'state' in value;
}

/** What an entry does not say although it should; undefined when it says all. */
function missingIn(entry: Recorded): string | undefined {
  const { actor, strength, action, requestId, before, after, reason } = entry;
  const isPerson = PERSON.test(actor);
  if (isPerson && (strength === 'none' || strength === 'process')) return 'how the actor was known';
  if (actor.startsWith('process:') && strength !== 'process') return 'that a process did it';
  if (!actor.startsWith('process:') && requestId === null) return 'in which request';
  if (before === null && after === null && reason === null) return 'what was done';
  if (hasState(after) && !hasState(before) && !BEGINS.test(action)) return 'what it was before';
  return undefined;
}

/** Everything that was done so far, in the audit log: whole, and entry by entry. */
export async function readAudit({ narrator, house }: Stage): Promise<void> {
  narrator.chapter('The audit log knows who did what');
  const report = await verifyAudit(house.database);
  narrator.check('nothing in it was changed', report.intact);
  const period = { from: new Date(0), to: new Date(systemClock.nowMs()) };
  const lacking: string[] = [];
  let entries = 0;
  for await (const line of exportPeriod(house.database, period, 'jsonl')) {
    if (line === '') continue;
    const { entry } = JSON.parse(line) as { readonly entry: Recorded };
    const missing = missingIn(entry);
    if (missing !== undefined) lacking.push(`${entry.action} by ${entry.actor}: ${missing}`);
    entries += 1;
  }
  narrator.fact('entries', String(entries));
  const what =
    'every entry says who, how they were known, in which request, and what it was before and after';
  narrator.check([what, ...new Set(lacking)].join('; not said: '), entries > 0 && lacking.length === 0);
}
