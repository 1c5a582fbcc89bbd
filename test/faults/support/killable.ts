import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { compiled } from '../../../src/main/compile.mjs';
import type { CrashPoint } from '../../../src/shared/index.ts';

/** Where a process is to die: when it passes this instant for the n-th time from now on. */
export interface Arming {
  readonly point: CrashPoint;
  readonly nth: number;
}

/** What a process is started with. */
export interface Plan {
  /** The command line of `trilock`. */
  readonly words: readonly string[];
  readonly arming?: Arming;
  readonly clockOffsetMs: number;
}

/** What a process is told: what to be, and when it runs, how it ends and what time it is. */
export type Order =
  | { readonly kind: 'begin'; readonly plan: Plan }
  | { readonly kind: 'arm'; readonly arming: Arming }
  | { readonly kind: 'clock'; readonly offsetMs: number };

type Message =
  { readonly kind: 'done' } | { readonly kind: 'ready'; readonly facts: Readonly<Record<string, string>> };

const ENTRY = join(import.meta.dirname, 'killable-process.ts');
let bundle: Promise<string> | undefined;
const INHERITED = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'LD_LIBRARY_PATH'];

/** Loads a role of the product from the entry of this test; it does nothing before it is told to begin. */
export async function loadKillable(
  role: string,
  settings: Readonly<Record<string, string>>,
  logFile: string,
): Promise<ChildProcess> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const program = await (bundle ??= compiled(ENTRY));
  const log = await open(logFile, 'a', 0o600);
  try {
    return fork(program, [role], {
      env: { ...Object.fromEntries(inherited), ...settings },
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    });
  } finally {
    await log.close();
  }
}

/** Tells a process something and waits until it has heard. False: it is gone. */
export async function tell(child: ChildProcess, order: Order): Promise<boolean> {
  const heard = answer(child, 'done');
  child.send(order, () => undefined);
  return (await heard) !== undefined;
}

/** The next message of a kind; undefined when the process ends before. */
export async function answer<Kind extends Message['kind']>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<Message, { kind: Kind }> | undefined> {
  const gone = new AbortController();
  const ended = once(child, 'exit', { signal: gone.signal }).then(
    () => undefined,
    () => undefined,
  );
  const told = new Promise<Message>((resolve) => {
    const listen = (message: unknown): void => {
      if ((message as Message).kind !== kind) return;
      child.removeListener('message', listen);
      resolve(message as Message);
    };
    child.on('message', listen);
  });
  try {
    if (child.exitCode !== null || child.signalCode !== null) return undefined;
    return (await Promise.race([told, ended])) as Extract<Message, { kind: Kind }> | undefined;
  } finally {
    gone.abort();
  }
}
