import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Disk } from './support/fault-world.ts';
import { Life } from './support/life.ts';
import { eventually } from './support/patience.ts';
import { seedOf, SeededRandom } from './support/random.ts';

const MINUTE_MS = 60_000;
/** Two cores may be shared with much else. */
const LONG_MS = 1_800_000;

/** How a full disk shows, for each disk. */
const NOTICED: Readonly<Record<Disk, () => Promise<boolean>>> = {
  witness: () => life.world.household.logged('witness', /ENOSPC/),
  signer: async () => {
    const { rows } = await life.world.sql.query(
      `SELECT FROM app.wallet WHERE obstacle LIKE 'file_inaccessible%'`,
    );
    return rows.length > 0;
  },
  postgres: async () => {
    const probe = `CREATE TEMP TABLE probe AS SELECT repeat('x', 900) FROM generate_series(1, 5000)`;
    const refusal: unknown = await life.world.sql.query(probe).catch((thrown: unknown) => thrown);
    return (refusal as { code?: unknown }).code === '53100';
  },
};

const seed = seedOf('storage', 'TRILOCK_FAULT_SEED');
let life: Life;

beforeAll(async () => {
  life = await Life.begin();
  await life.fund();
}, LONG_MS);
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') process.stdout.write(`${await life.world.report()}\n`);
});
afterAll(() => life.end(), LONG_MS);

describe('an institution in true processes', () => {
  it(
    'loses its connections in the middle of commits, and some are slow',
    async () => {
      const { proxies } = life.world;
      const random = new SeededRandom(seed);
      for (const proxy of proxies.values()) {
        proxy.weather = { random, cuts: 0.15 };
        proxy.delayMs = 5;
      }
      await life.liveFully(random);
      for (const proxy of proxies.values()) {
        proxy.weather = undefined;
        proxy.delayMs = 0;
      }
      expect(await life.findings()).toEqual([]);
      const cuts = [...proxies].map(
        ([role, { lost, unheard }]) => `${role} ${lost} lost, ${unheard} unheard`,
      );
      process.stdout.write(`commits cut: ${cuts.join('; ')}\n`);
      expect([...proxies.values()].some(({ unheard }) => unheard > 0)).toBe(true);
    },
    LONG_MS,
  );

  it(
    'does not wait until a time comes again that its clock was put back from',
    async () => {
      const { household, sql } = life.world;
      const { story, pilot } = life;
      const paid = await story.withdraw('vault', 100_000n);
      pilot.mines = false;
      await story.reaches(paid, 'broadcast');
      await household.setClocks(6 * 60 * MINUTE_MS, ['worker']);
      await story.deposit('vault', 50_000n);
      await life.world.node.mine(1);
      const ahead = `SELECT FROM app.withdrawal, app.deposit
        WHERE look_at > now() + interval '5 hours' AND next_step_at > now() + interval '5 hours'`;
      await eventually(
        'the worker to put things off',
        () => sql.query(ahead),
        ({ rows }) => rows.length > 0,
      );
      await household.setClocks(0);
      pilot.mines = true;
      await story.credited();
      await story.reaches(paid, 'confirmed');
      expect(await life.findings()).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'pays nothing that expires by a clock that jumps beyond it',
    async () => {
      const { household } = life.world;
      const { story } = life;
      const late = await story.withdraw('vault', 100_000n, 'either');
      await story.reaches(late, 'awaiting_cosigner');
      // The signer's own clock is watched by itself: put back by so much, it signs nothing until officers resume it.
      await household.setClocks(100 * 60 * MINUTE_MS, ['worker']);
      await story.reaches(late, 'expired');
      await household.setClocks(0);
      expect(await life.findings()).toEqual([]);
    },
    LONG_MS,
  );

  it.for(Object.keys(NOTICED) as Disk[])(
    'goes on when the disk of %s was full',
    { timeout: LONG_MS },
    async (disk, { skip }) => {
      const { world, story } = life;
      if (!world.disks.has(disk)) skip('no disk can be mounted here');
      // The signer writes a file for the key of each new wallet.
      const filler = join(world.directory, disk, 'filler');
      const lived = life.liveFully(new SeededRandom(seed + 3));
      await fill(filler);
      const wallet = disk === 'signer' ? await story.askForVault() : undefined;
      await eventually(`the full disk of ${disk} to be noticed`, NOTICED[disk], (noticed) => noticed);
      await rm(filler);
      await lived;
      if (wallet !== undefined) await story.opened(wallet);
      expect(await life.findings()).toEqual([]);
    },
  );
});

/** Until there is no room for another byte. */
async function fill(path: string): Promise<void> {
  for (let chunk = 1 << 22; chunk >= 1; chunk >>= 2) {
    for (;;) {
      try {
        await writeFile(path, Buffer.alloc(chunk), { flag: 'a' });
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
        break;
      }
    }
  }
}
