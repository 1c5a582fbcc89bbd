import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from './child.ts';
import type { DataDirectory } from './data-directory.ts';
import { waitUntilGone } from './processes.ts';

/** Processes of a sandbox that was killed get this long to notice and stop by themselves. */
const ORPHAN_GRACE_MS = 10_000;

export type Settings = Readonly<Record<string, string>>;

/** Starts processes by role, each ready when its facts are there, and stops them all. */
export type Keeper = Pick<Household, 'start' | 'stop'>;

/** Everything that `npm start` runs, in the order in which it was started. */
export class Household {
  readonly #directory: DataDirectory;
  readonly #say: (line: string) => void;
  readonly #children: Child[] = [];

  constructor(directory: DataDirectory, say: (line: string) => void) {
    this.#directory = directory;
    this.#say = say;
  }

  /** @param name of its log, where there are two of a role. */
  async start(role: string, settings: Settings, name = role): Promise<Readonly<Record<string, string>>> {
    const child = new Child({
      role,
      settings,
      logFile: join(this.#directory.logs, `${name}.log`),
      onRestart: (name, why) => {
        this.#say(`${name} ended (${why}) and is started again`);
      },
      onSpawn: () => this.#remember(),
    });
    this.#children.push(child);
    return child.start();
  }

  async stop(): Promise<void> {
    for (const child of [...this.#children].reverse()) await child.stop();
  }

  /** Notes who runs, so that a sandbox after a crash can wait for those who are still stopping. */
  #remember(): void {
    const pids = this.#children.flatMap(({ role, pid }) => (pid === undefined ? [] : [[role, pid]]));
    writeFile(join(this.#directory.root, 'children.json'), JSON.stringify(pids), { mode: 0o600 }).catch(
      (thrown: unknown) => this.#say(`the list of processes cannot be written: ${String(thrown)}`),
    );
  }
}

/** Waits for what a killed sandbox left running, and ends it by force when it does not end by itself. */
export async function awaitOrphans(directory: DataDirectory): Promise<void> {
  const text = await readFile(join(directory.root, 'children.json'), 'utf8').catch(() => '[]');
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    entries = [];
  }
  if (!Array.isArray(entries)) return;
  for (const [role, pid] of entries as [string, number][]) await waitUntilGone(pid, role, ORPHAN_GRACE_MS);
}
