import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compiled } from '../../src/main/compile.mjs';
import { CRASH_POINTS, type CrashPoint } from '../../src/shared/index.ts';
import { Life } from './support/life.ts';
import { pointsOf, roleOf, SPECIAL, specialDeedFor, type SpecialDeed } from './support/paths.ts';
import { eventually } from './support/patience.ts';
import { SeededRandom } from './support/random.ts';

/** Two cores may be shared with much else. */
const LONG_MS = 1_800_000;

let life: Life;

beforeAll(async () => {
  life = await Life.begin();
}, LONG_MS);
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') process.stdout.write(`${await life.world.report()}\n`);
});
afterAll(() => life.end(), LONG_MS);

/** Operator and station die with a bundle in hand. */
async function killCourierAt(dieAt: CrashPoint): Promise<void> {
  const program = join(import.meta.dirname, 'support/courier-process.ts');
  const plan = JSON.stringify({ plan: life.world.courierPlan, dieAt });
  const courier = spawn(process.execPath, [await compiled(program), plan], { stdio: 'inherit' });
  const [, signal] = (await once(courier, 'exit')) as [number | null, string | null];
  expect({ dieAt, signal }).toEqual({ dieAt, signal: 'SIGKILL' });
}

async function sentence(points: readonly CrashPoint[]): Promise<void> {
  for (const role of ['api', 'worker', 'ledger', 'signer', 'witness'] as const) {
    const own = pointsOf(role).filter((point) => points.includes(point));
    await life.world.household.fate(
      role,
      own.map((point) => ({ point, nth: 1 })),
    );
  }
}

async function allDead(): Promise<void> {
  const { household } = life.world;
  await eventually(
    'every process to die where it should',
    () => Promise.resolve(household.pending()),
    (pending) => pending.length === 0,
  );
  await household.allReady();
}

/** Everybody dies at the points that this deed alone passes. */
async function dieDuring(deed: SpecialDeed, random: SeededRandom): Promise<void> {
  await sentence(SPECIAL[deed]);
  await life.live(deed, random);
  await allDead();
}

describe('an institution in true processes', () => {
  it(
    'is killed once at every named instant',
    async () => {
      const { story, pilot, world } = life;
      const random = new SeededRandom(1);
      await sentence(CRASH_POINTS.filter((point) => specialDeedFor(point) === undefined));
      await life.fund();
      await story.transfer(1_000_000n);
      pilot.carries = false;
      const paid = [await story.withdraw('vault', 5_000_000n), await story.withdraw('spending', 2_000_000n)];
      for (const dieAt of pointsOf('courier')) await killCourierAt(dieAt);
      pilot.carries = true;
      for (const withdrawal of paid) await story.reaches(withdrawal, 'confirmed');
      await allDead();
      for (const deed of ['opening', 'batched', 'frozen'] as const) await dieDuring(deed, random);
      expect(await life.findings()).toEqual([]);
      const { killed, unplanned } = world.household;
      expect(unplanned).toEqual([]);
      const dead = [...killed.map(({ at }) => at?.point), ...pointsOf('courier')];
      expect(dead.sort()).toEqual([...CRASH_POINTS].sort());
      expect(killed.every(({ role, at }) => at !== undefined && roleOf(at.point) === role)).toBe(true);
    },
    LONG_MS,
  );
});
