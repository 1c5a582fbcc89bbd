import { WORKER } from '../approvals/index.ts';
import { recordedAfter } from '../audit/index.ts';
import { inTransaction, type Database } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import type { KeyedHash } from '../http/index.ts';
import { listStaff, type StaffMember } from '../identity/index.ts';
import { canonicalJson, type Clock, type StaffId } from '../shared/index.ts';

/** Nobody minds half a minute of what would else stay hidden. */
const LOOK_MS = 30_000;
const PAGE = 200;

interface WatchParts {
  readonly database: Database;
  readonly seals: KeyedHash;
  readonly clock: Clock;
}

/** A standing as the audit log has it. */
interface Recorded {
  readonly roles: readonly string[];
  readonly suspended?: boolean;
  readonly number?: number;
}

function standingText({ roles, suspended = false, number = 0 }: Recorded): string {
  return canonicalJson({ roles: [...roles].sort(), suspended, number });
}

/** Whether an account has the standing that was decided last; the application can add to the audit log, not change it. */
async function isAsDecided(database: Database, member: StaffMember): Promise<boolean> {
  const changes = await recordedAfter(database, member.id, 'staff.change');
  const registered = await recordedAfter(database, member.id, 'staff.register');
  const all = [...registered, ...changes] as unknown as readonly Recorded[];
  const [newest] = all.toSorted((one, other) => (other.number ?? 0) - (one.number ?? 0));
  return newest !== undefined && standingText(newest) === standingText(member);
}

async function alert({ database, clock }: WatchParts, id: StaffId): Promise<void> {
  const text = 'The account has another standing than was decided last: an older one was put back.';
  const about = { subject: id, code: 'staff_standing_damaged', during: 'staff.watch', text };
  await inTransaction(database, (tx) => raiseAlert(tx, about, WORKER, clock));
}

/**
 * Work for the loop: compares the standing of staff with what the audit log says was decided. A row that was put back
 * whole has a seal that is right; operators hear of it, once while the worker runs.
 */
export function staffWatch(parts: WatchParts): () => Promise<number> {
  const told = new Set<string>();
  let lookAgainAtMs = 0;
  return async () => {
    const nowMs = parts.clock.nowMs();
    // Also when the clock was put back.
    if (nowMs < lookAgainAtMs && lookAgainAtMs - nowMs <= LOOK_MS) return 0;
    lookAgainAtMs = nowMs + LOOK_MS;
    let found = 0;
    let after: StaffId | null = null;
    for (;;) {
      const members: readonly StaffMember[] = await listStaff(parts, PAGE, after);
      for (const member of members) {
        if (told.has(member.id) || (await isAsDecided(parts.database, member))) continue;
        await alert(parts, member.id);
        told.add(member.id);
        found += 1;
      }
      after = members.at(-1)?.id ?? null;
      if (members.length < PAGE) return found;
    }
  };
}
