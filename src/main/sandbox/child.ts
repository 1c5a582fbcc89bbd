import { fork, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SharedError } from '../../shared/index.ts';
import type { ReadyMessage } from '../lifecycle/run-role.ts';

const LAUNCHER = join(import.meta.dirname, '../trilock.mjs');
/** A child that has run this long before it died is started again at once. */
const STABLE_AFTER_MS = 30_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

export interface ChildPlan {
  readonly role: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly onRestart: (role: string, why: string) => void;
  /** A new process of this role was started. */
  readonly onSpawn: () => void;
}

/** What a child inherits besides its settings: nothing else of our environment reaches it. */
const INHERITED = [
  'PATH',
  'HOME',
  'LANG',
  'TZ',
  'TMPDIR',
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'LD_LIBRARY_PATH',
];

function environment(settings: Readonly<Record<string, string>>): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(inherited), ...settings };
}

/** One process under supervision: started, started again when it dies, and stopped. */
export class Child {
  readonly role: string;
  readonly #plan: ChildPlan;
  #process: ChildProcess | undefined;
  #stopping = false;
  #restarts = 0;
  #delayMs = FIRST_DELAY_MS;
  #timer: NodeJS.Timeout | undefined;

  constructor(plan: ChildPlan) {
    this.role = plan.role;
    this.#plan = plan;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves with the child's facts when it is ready. @throws SharedError with the child's own line if it ends first. */
  async start(): Promise<Readonly<Record<string, string>>> {
    const child = await this.#spawn();
    return new Promise((resolve, reject) => {
      const onExit = (): void => {
        this.#lastLine().then((line) => reject(new SharedError('config_invalid', line)), reject);
      };
      child.once('exit', onExit);
      child.once('message', (message) => {
        child.removeListener('exit', onExit);
        this.#keepAlive(child);
        resolve((message as ReadyMessage).facts);
      });
    });
  }

  /** Asks the child to stop and waits until it has. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#process;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGTERM');
    });
  }

  async #spawn(): Promise<ChildProcess> {
    const log = await open(this.#plan.logFile, 'a', 0o600);
    try {
      const child = fork(LAUNCHER, [this.role], {
        env: environment({ ...this.#plan.settings, TRILOCK_RESTARTS: String(this.#restarts) }),
        stdio: ['ignore', log.fd, log.fd, 'ipc'],
        execArgv: [],
        // A Ctrl-C at the terminal is for the supervisor, which stops everything in order.
        detached: true,
      });
      this.#process = child;
      this.#plan.onSpawn();
      return child;
    } finally {
      await log.close();
    }
  }

  #keepAlive(child: ChildProcess): void {
    const startedAtMs = Date.now();
    child.once('exit', (code, signal) => {
      if (this.#stopping) return;
      if (Date.now() - startedAtMs > STABLE_AFTER_MS) this.#delayMs = FIRST_DELAY_MS;
      this.#restarts++;
      this.#plan.onRestart(this.role, signal ?? `exit status ${code ?? 'unknown'}`);
      this.#timer = setTimeout(() => void this.#restart(), this.#delayMs);
      this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS);
    });
  }

  async #restart(): Promise<void> {
    try {
      this.#keepAlive(await this.#spawn());
    } catch {
      // The log cannot be opened (a full disk, say): try again later, as for a child that dies.
      this.#timer = setTimeout(() => void this.#restart(), MAX_DELAY_MS);
    }
  }

  /** The line in which the child said why it did not start. */
  async #lastLine(): Promise<string> {
    const lines = (await readFile(this.#plan.logFile, 'utf8')).trimEnd().split('\n');
    const said = lines.findLast((line) => /^(trilock|error): /.test(line))?.replace(/^\w+: /, '');
    return `${this.role} did not start: ${said ?? `see ${this.#plan.logFile}`}`;
  }
}
