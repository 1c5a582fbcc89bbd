import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { exitWith } from '../lifecycle/exit.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';
import { registerRegtestCommands } from './regtest-commands.ts';
import { startSandbox } from './sandbox.ts';

const CHECKOUT = resolve(import.meta.dirname, '../../..');

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Starts everything and stays until Ctrl-C, SIGTERM, or the loss of the database. */
async function runSandbox(): Promise<void> {
  const settings = loadSettings('sandbox', process.env);
  const root = settings.TRILOCK_DATA_DIRECTORY ?? join(CHECKOUT, '.trilock');
  let asked = false;
  let wake: (() => void) | undefined;
  const stopAsked = new Promise<undefined>((resolvePromise) => {
    wake = () => resolvePromise(undefined);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!asked) say('stopping …');
      asked = true;
      wake?.();
    });
  }
  const sandbox = await startSandbox({ settings, root, say: (line) => say(`  ${line}`) });
  const { url } = sandbox.facts;
  say(`\nTrilock's sandbox is ready:\n  status      ${url}/\n  API         ${url}/docs`);
  say(
    `  data, logs  ${sandbox.directory}\n\nCtrl-C stops everything; the next start continues where this one ended.`,
  );
  const failure = await Promise.race([stopAsked, sandbox.failed]);
  await sandbox.stop();
  if (failure !== undefined) exitWith(failure);
  process.exit(0);
}

/** `trilock sandbox`, which is `npm start`. */
export function registerSandbox(trilock: Command): void {
  const sandbox = trilock
    .command('sandbox')
    .description('run everything on this machine: embedded PostgreSQL, a regtest node and every role')
    .addHelpText('after', settingsHelp('sandbox'))
    .action(runSandbox);
  registerRegtestCommands(sandbox);
}
