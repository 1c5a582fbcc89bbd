import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { registerClient } from '../../../src/main/client/register-client.ts';

const SOURCES = join(import.meta.dirname, '../../../src');
/** Probes of operators, who have `curl` and Prometheus. */
const NO_COMMAND = ['getHealth', 'getReadiness', 'getStatus'];

async function textsOf(folder: string, suffix: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(suffix));
  return Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
}

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

it('every operation of the API has a command', async () => {
  const contracts = (await textsOf(SOURCES, '-contract.ts')).join('\n');
  const operations = [...contracts.matchAll(/export const (\w+) = defineOperation\(/g)].map(
    ([, name = '']) => name,
  );
  expect(operations.length).toBeGreaterThan(50);
  const client = (await textsOf(join(SOURCES, 'main/client'), '.ts')).join('\n');
  const missing = operations.filter((name) => !new RegExp(`\\b${name}\\b`).test(client));
  expect(missing.filter((name) => !NO_COMMAND.includes(name))).toEqual([]);
});

it('every command says what it does, gives JSON, and takes no secret in its words', () => {
  const trilock = new Command('trilock');
  registerClient(trilock);
  const commands = leaves(trilock);
  expect(commands.length).toBeGreaterThan(50);
  for (const command of commands) {
    const name = command.name();
    const flags = command.options.map(({ long }) => long);
    expect(command.description(), name).not.toBe('');
    expect(flags, name).toContain('--json');
    for (const flag of flags) expect(flag, name).not.toMatch(/^--(password|passphrase|code|secret|api-key)$/);
  }
});
