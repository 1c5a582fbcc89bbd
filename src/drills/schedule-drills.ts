import { join } from 'node:path';
import { inTransaction } from '../database/index.ts';
import { KeyringError, writeNewFile } from '../keyring/index.ts';
import { draftDrill } from './plan-drill.ts';
import { DAY_MS, type DrillParts } from './proof-ages.ts';

/** When drills are held, and what is done about it. */
export interface DrillSchedule {
  /** A drill is planned when the last one, or the first wallet, is older than this. */
  readonly everyDays: number;
  /** How many wallets it draws. */
  readonly wallets: number;
  /** Where the file goes that is carried to the sites; null when somebody fetches it by command. */
  readonly directory: string | null;
}

const WORKER = { actor: { kind: 'process', id: 'worker' }, strength: 'process' } as const;
/** A drill is due by the day. */
const INTERVAL_MS = 60_000;
const AT_ONCE = 20;

/** Plans a drill if one is due. Two workers at the same moment plan one. @returns how many. */
async function planDue(parts: DrillParts, schedule: DrillSchedule): Promise<number> {
  const { network } = parts;
  return inTransaction(parts.database, async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('trilock/drill-schedule'))`;
    const last = await tx.drill.findFirst({ where: { network }, orderBy: { plannedAt: 'desc' } });
    const first = await tx.wallet.findFirst({
      where: { network, state: 'open' },
      orderBy: { openedAt: 'asc' },
    });
    const since = last?.plannedAt ?? first?.openedAt;
    if (since === undefined || since === null) return 0;
    if (parts.clock.nowMs() < since.getTime() + schedule.everyDays * DAY_MS) return 0;
    return (await draftDrill(tx, parts, schedule.wallets, WORKER)) === null ? 0 : 1;
  });
}

/** Name of a drill's file. */
function fileName(drill: string, plannedAt: Date): string {
  return `drill-${plannedAt.toISOString().slice(0, 10)}-${drill.slice(0, 8)}.json`;
}

/**
 * Writes every drill that is not yet in a file; interrupted between file and note, it finds its own file.
 * @returns the paths. @throws KeyringError `file_…`.
 */
export async function writeDrills(
  { database, clock, network }: DrillParts,
  directory: string,
): Promise<readonly string[]> {
  const waiting = await database.drill.findMany({
    where: { network, writtenAt: null },
    orderBy: { plannedAt: 'asc' },
    take: AT_ONCE,
  });
  const paths: string[] = [];
  for (const { id, plannedAt, request } of waiting) {
    const path = join(directory, fileName(id, plannedAt));
    try {
      await writeNewFile(path, Buffer.from(`${request}\n`));
    } catch (thrown) {
      if (!(thrown instanceof KeyringError) || thrown.code !== 'file_exists') throw thrown;
    }
    await database.drill.update({ where: { id }, data: { writtenAt: new Date(clock.nowMs()) } });
    paths.push(path);
  }
  return paths;
}

/** Work that is asked for all the time, and plans and writes drills now and then. */
export function drillSchedule(parts: DrillParts, schedule: DrillSchedule): () => Promise<number> {
  let lookAgainAtMs = 0;
  return async () => {
    if (parts.clock.nowMs() < lookAgainAtMs) return 0;
    const planned = await planDue(parts, schedule);
    const { directory } = schedule;
    if (directory !== null) await writeDrills(parts, directory);
    lookAgainAtMs = parts.clock.nowMs() + INTERVAL_MS;
    return planned;
  };
}
