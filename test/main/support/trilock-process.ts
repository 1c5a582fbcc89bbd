import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

const LAUNCHER = join(import.meta.dirname, '../../../src/main/trilock.mjs');

/** A `trilock` process with everything that it has said so far. */
export interface TrilockProcess {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves when the output matches. @throws when the process ends first. */
  readonly said: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Exit status, or the name of the signal. */
  readonly ended: Promise<number | string>;
}

/** Starts `trilock …args` with no settings but these; killed when the test ends. */
export function trilock(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): TrilockProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(TRILOCK_|DATABASE_URL|BITCOIND_BIN)/.test(name),
  );
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    env: { ...Object.fromEntries(inherited), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => (output += text));
  }
  const ended = once(child, 'close').then(([status, signal]) => (status ?? signal) as number | string);
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return {
    child,
    output: () => output,
    said: async (pattern) => {
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match;
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(`the process ended without saying ${String(pattern)}; it said:\n${output}`);
        }
        await sleep(25);
      }
    },
    ended,
  };
}
