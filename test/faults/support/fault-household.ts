import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Keeper } from '../../../src/main/sandbox/household.ts';
import { answer, loadKillable, tell, type Arming } from './killable.ts';

export type FaultRole = 'api' | 'worker' | 'ledger' | 'signer' | 'witness' | 'node';

/** A process that a test has killed, or that ended by itself. */
export interface Death {
  readonly role: string;
  readonly at: Arming | undefined;
}

type Settings = Readonly<Record<string, string>>;

export type Route = (role: string, settings: Settings) => Promise<Settings>;

interface Kept {
  readonly role: string;
  readonly settings: Settings;
  child: ChildProcess;
  /** It ends because a test wants it to. */
  isAsked?: boolean;
  /** Loads already while the other lives, since that takes longer than anything else. */
  next: ChildProcess | undefined;
  /** What the next ones die of, in order; the first is the living one's. */
  fates: Arming[];
  /** Resolves when the process that is meant to live now is ready. */
  ready: Promise<void>;
}

/**
 * Starts the roles of the sandbox as processes that die where they are told to, and starts each again at once, as its
 * supervisor does.
 */
export class FaultHousehold implements Keeper {
  /** Those that died where they should, oldest first. */
  readonly killed: Death[] = [];
  /** Those that died otherwise. */
  readonly unplanned: string[] = [];
  /** Done after a process has died and before the next one starts. */
  onDeath: (role: string) => Promise<void> = () => Promise.resolve();
  /** Changes what a role is told when it starts first, e.g. where its database is. */
  readonly #route: Route;
  readonly #logs: string;
  readonly #kept = new Map<string, Kept>();
  #clockOffsetMs = 0;
  #stopping = false;

  constructor(logs: string, route: Route) {
    this.#logs = logs;
    this.#route = route;
  }

  async start(role: string, usual: Settings): Promise<Readonly<Record<string, string>>> {
    const settings = await this.#route(role, usual);
    const child = await loadKillable(role, settings, this.#logFile(role));
    const kept: Kept = { role, settings, child, next: undefined, fates: [], ready: Promise.resolve() };
    this.#begin(kept);
    this.#kept.set(role, kept);
    const message = await answer(child, 'ready');
    if (message === undefined) throw new Error(`${role} did not start: ${await this.tail(role)}`);
    this.#watch(kept);
    return message.facts;
  }

  /** The role dies at these instants, one after the other, each process at one. */
  async fate(role: FaultRole, armings: readonly Arming[]): Promise<void> {
    const kept = this.#of(role);
    const wasEmpty = kept.fates.length === 0;
    kept.fates.push(...armings);
    const [first] = kept.fates;
    if (!wasEmpty || first === undefined) return;
    await kept.ready;
    await tell(kept.child, { kind: 'arm', arming: first });
    await this.#prepare(kept);
  }

  /** What has not come true yet. */
  pending(): readonly string[] {
    return [...this.#kept.values()].flatMap(({ role, fates }) =>
      fates.map(({ point, nth }) => `${role} ${point}/${nth}`),
    );
  }

  /** Kills a role where it stands, and has it started again. */
  async kill(role: FaultRole): Promise<void> {
    const { child } = this.#of(role);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Asks a role to stop, and has it started again. */
  async restart(role: FaultRole): Promise<void> {
    const kept = this.#of(role);
    const gone = once(kept.child, 'exit');
    kept.isAsked = true;
    kept.child.kill('SIGTERM');
    await gone;
    await kept.ready;
  }

  /** Everybody's clock is off by so much from now on. */
  async setClocks(offsetMs: number, roles?: readonly FaultRole[]): Promise<void> {
    if (roles === undefined) this.#clockOffsetMs = offsetMs;
    const kept = [...this.#kept.values()].filter(({ role }) => roles?.includes(role as FaultRole) ?? true);
    await Promise.all(kept.map(({ child }) => tell(child, { kind: 'clock', offsetMs })));
  }

  /** Resolves when every process that should live is ready. */
  async allReady(): Promise<void> {
    await Promise.all([...this.#kept.values()].map(({ ready }) => ready));
  }

  pid(role: FaultRole): number {
    return this.#of(role).child.pid ?? 0;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { child, next } of [...this.#kept.values()].reverse()) {
      next?.kill('SIGKILL');
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await gone;
      clearTimeout(late);
    }
  }

  /** The last lines that a role has logged. */
  async tail(role: string, lines = 12): Promise<string> {
    const text = await readFile(this.#logFile(role), 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Whether a role has logged this since it was started first. */
  async logged(role: string, words: RegExp): Promise<boolean> {
    return words.test(await readFile(this.#logFile(role), 'utf8').catch(() => ''));
  }

  #logFile(role: string): string {
    return join(this.#logs, `${role}.log`);
  }

  #of(role: FaultRole): Kept {
    const kept = this.#kept.get(role);
    if (kept === undefined) throw new RangeError(`${role} does not run`);
    return kept;
  }

  #begin({ role, child, fates: [arming] }: Kept): void {
    const plan = { words: [role], clockOffsetMs: this.#clockOffsetMs, ...(arming && { arming }) };
    child.send({ kind: 'begin', plan }, () => undefined);
  }

  /** Whoever is to die soon has somebody who waits to take its place. */
  async #prepare(kept: Kept): Promise<void> {
    if (kept.fates.length === 0 || kept.next !== undefined || this.#stopping) return;
    kept.next = await loadKillable(kept.role, kept.settings, this.#logFile(kept.role));
  }

  async #replace(kept: Kept): Promise<ChildProcess> {
    const { role, settings, next } = kept;
    kept.next = undefined;
    const isWaiting = next?.exitCode === null && next.signalCode === null;
    kept.child = isWaiting ? next : await loadKillable(role, settings, this.#logFile(role));
    this.#begin(kept);
    return kept.child;
  }

  #watch(kept: Kept): void {
    const { child } = kept;
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (this.#stopping) return;
      const fate = kept.fates[0];
      if (signal === 'SIGKILL' && fate !== undefined) {
        kept.fates.shift();
        this.killed.push({ role: kept.role, at: fate });
      } else if (signal === 'SIGKILL') {
        this.killed.push({ role: kept.role, at: undefined });
      } else if (kept.isAsked === true && code === 0) {
        kept.isAsked = false;
      } else {
        this.unplanned.push(`${kept.role} ended with ${signal ?? `status ${code ?? ''}`}`);
      }
      kept.ready = this.#restart(kept);
      kept.ready.catch((thrown: unknown) => this.unplanned.push(`${kept.role}: ${String(thrown)}`));
    };
    if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
    else child.once('exit', onExit);
  }

  async #restart(kept: Kept): Promise<void> {
    await this.onDeath(kept.role);
    for (let attempt = 1; !this.#stopping; attempt++) {
      const child = await this.#replace(kept);
      if ((await answer(child, 'ready')) !== undefined) {
        this.#watch(kept);
        await this.#prepare(kept);
        return;
      }
      const fate = kept.fates[0];
      // A process may pass its instant while it starts.
      if (child.signalCode === 'SIGKILL' && fate !== undefined) {
        kept.fates.shift();
        this.killed.push({ role: kept.role, at: fate });
        await this.onDeath(kept.role);
      } else if (attempt > 20) {
        throw new Error(`it does not start again: ${await this.tail(kept.role)}`);
      } else {
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }
}
