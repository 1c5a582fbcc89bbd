import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trilock, type TrilockProcess } from './support/trilock-process.ts';

const ROLES = ['node', 'ledger', 'witness', 'signer', 'worker', 'api'];

interface Status {
  readonly health: string;
  readonly processes: readonly { readonly role: string; readonly state: string; readonly restarts: number }[];
  readonly node: { readonly tip: { readonly height: number } | null };
}

describe('the sandbox', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trilock-sandbox-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  function start(): TrilockProcess {
    return trilock(['sandbox'], { TRILOCK_DATA_DIRECTORY: directory, TRILOCK_HTTP_PORT: '0' });
  }

  async function ready(sandbox: TrilockProcess): Promise<string> {
    const [, url = ''] = await sandbox.said(/status {6}(http:\S+)\//);
    return url;
  }

  async function pids(): Promise<Map<string, number>> {
    const entries = JSON.parse(await readFile(join(directory, 'children.json'), 'utf8')) as [
      string,
      number,
    ][];
    return new Map(entries);
  }

  async function statusOnce(url: string): Promise<Status> {
    return (await (await fetch(`${url}/v1/status`)).json()) as Status;
  }

  async function healthy(url: string): Promise<Status> {
    for (;;) {
      const status = await statusOnce(url).catch(() => undefined);
      if (status?.health === 'ok') return status;
      await sleep(100);
    }
  }

  function ours(): string {
    return execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(directory))
      .join('\n');
  }

  it('runs every process, restarts what dies, and stops all on Ctrl-C', async () => {
    const sandbox = start();
    const url = await ready(sandbox);
    const before = await pids();
    expect([...before.keys()].sort()).toEqual([...ROLES].sort());
    await healthy(url);
    for (const [role, pid] of before) {
      process.kill(pid, 'SIGKILL');
      await sandbox.said(new RegExp(`${role} ended \\(SIGKILL\\) and is started again`));
    }
    while ([...(await pids())].some(([role, pid]) => before.get(role) === pid)) await sleep(50);
    const fresh = (await ready(sandbox)) === url ? url : '';
    const after = await healthy(fresh);
    expect(after.processes.find((process) => process.role === 'ledger')?.restarts).toBe(1);
    sandbox.child.kill('SIGINT');
    expect(await sandbox.ended).toBe(0);
    expect(ours()).toBe('');
  });

  it('refuses a second sandbox in its directory, in one line', async () => {
    const sandbox = start();
    await ready(sandbox);
    const second = start();
    expect(await second.ended).not.toBe(0);
    expect(second.output()).toMatch(/^trilock: A sandbox already runs in .+\n$/);
    sandbox.child.kill('SIGTERM');
    expect(await sandbox.ended).toBe(0);
  });

  it('continues after its supervisor was killed: chain, database and secrets', async () => {
    const first = start();
    const height = (await healthy(await ready(first))).node.tip?.height;
    first.child.kill('SIGKILL');
    await first.ended;
    const second = start();
    const status = await healthy(await ready(second));
    expect(status.node.tip?.height).toBe(height);
    second.child.kill('SIGINT');
    expect(await second.ended).toBe(0);
    expect(ours()).toBe('');
  });
});
