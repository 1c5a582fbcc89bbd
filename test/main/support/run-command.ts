import { vi } from 'vitest';
import { run } from '../../../src/main/cli.ts';

export interface Outcome {
  readonly status: number;
  readonly lines: readonly string[];
}

class Exit extends Error {
  readonly status: number;
  constructor(status: number) {
    super('exit');
    this.status = status;
  }
}

/** Runs a command line in this process: the same code from the words to the exit status, and all that it prints. */
export async function runCommand(
  words: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  let text = '';
  const write = (chunk: unknown, ...rest: unknown[]): boolean => {
    text += String(chunk);
    const done = rest.at(-1);
    if (typeof done === 'function') (done as () => void)();
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  vi.spyOn(process, 'exit').mockImplementation((status) => {
    throw new Exit(Number(status));
  });
  let status = 0;
  try {
    await run(words);
    status = Number(process.exitCode ?? 0);
  } catch (thrown) {
    if (!(thrown instanceof Exit)) throw thrown;
    ({ status } = thrown);
  } finally {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    process.exitCode = undefined;
  }
  return { status, lines: text.split('\n').filter((line) => line !== '') };
}
