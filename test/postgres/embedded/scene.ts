import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect, type EmbeddedServerOptions, type PostgresConfig } from '../../../src/postgres/index.ts';

export interface Supervisor {
  readonly process: ChildProcess;
  /** What it said: a server, or why there is none. */
  readonly said: {
    readonly config?: PostgresConfig;
    readonly pid?: number;
    readonly adopted?: boolean;
    readonly code?: string;
    readonly message?: string;
  };
  kill(): Promise<void>;
}

/** A folder that the server's user may pass, removed by the returned function. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'trilock-embedded-'));
  await chmod(path, 0o711);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Starts a server from a process of its own, as `user` or as ourselves. */
export async function startSupervisor(
  options: EmbeddedServerOptions,
  user: { uid?: number; gid?: number } = {},
): Promise<Supervisor> {
  const script = join(import.meta.dirname, 'supervisor-process.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
    ...user,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    process: child,
    said: JSON.parse(line) as Supervisor['said'],
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** One statement on a connection of its own; the first row. */
export async function ask(
  config: PostgresConfig,
  statement: string,
): Promise<Record<string, unknown> | undefined> {
  const client = await connect(config);
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement);
    return rows[0];
  } finally {
    await client.end();
  }
}
