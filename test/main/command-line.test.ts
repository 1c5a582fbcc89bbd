import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trilock } from './support/trilock-process.ts';

describe('the command line', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trilock-cli-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('shows every command, and each role its settings', async () => {
    const all = trilock(['--help']);
    expect(await all.ended).toBe(0);
    for (const name of ['sandbox', 'api', 'worker', 'ledger', 'signer', 'witness', 'migrate']) {
      expect(all.output()).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    }
    const witness = trilock(['witness', '--help']);
    expect(await witness.ended).toBe(0);
    expect(witness.output()).toContain('TRILOCK_WITNESS_DIRECTORY');
  });

  it.each<[string, string[], Record<string, string>, RegExp, number]>([
    ['an unknown command', ['fly'], {}, /unknown command 'fly'/, 78],
    ['an unknown option', ['witness', '--loud'], {}, /unknown option '--loud'/, 78],
    ['a missing setting', ['witness'], {}, /^trilock: TRILOCK_WITNESS_SOCKET is not set: .+\n$/, 78],
    [
      'an unknown setting',
      ['witness'],
      { TRILOCK_XYZZY: '1' },
      /^trilock: TRILOCK_XYZZY is not a setting of Trilock\.\n$/,
      78,
    ],
    [
      'a database that nobody runs',
      ['signer'],
      {
        TRILOCK_NETWORK: 'regtest',
        TRILOCK_SIGNER_DATABASE_URL: 'postgres://a:secret@127.0.0.1:1/db',
        TRILOCK_SIGNER_SOCKET: '/tmp/never',
        TRILOCK_SIGNER_DIRECTORY: '/tmp/never-signer',
        TRILOCK_WITNESS_SOCKET: '/tmp/never',
      },
      /^trilock: 127\.0\.0\.1:1: nothing answers at that address\n$/,
      1,
    ],
  ])('says one clear line for %s', async (_case, args, settings, line, status) => {
    const run = trilock(args, settings);
    expect(await run.ended).toBe(status);
    expect(run.output()).toMatch(line);
    expect(run.output()).not.toContain('secret');
  });

  it('says one clear line on a Node that is too old', async () => {
    const pretend = `data:text/javascript,${encodeURIComponent(
      "Object.defineProperty(process.versions, 'node', { value: '18.20.4' })",
    )}`;
    const run = trilock(['--help'], { NODE_OPTIONS: `--import=${pretend}` });
    expect(await run.ended).toBe(78);
    expect(run.output()).toBe('trilock: Node 18.20.4 is too old, 20.19 or newer is needed\n');
  });

  it('says one clear line for a port that is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const run = trilock(['witness'], {
      TRILOCK_WITNESS_DIRECTORY: folder,
      TRILOCK_WITNESS_SOCKET: `127.0.0.1:${port}`,
    });
    expect(await run.ended).toBe(1);
    expect(run.output()).toBe(
      `trilock: 127.0.0.1:${port}: the address is already in use by another program\n`,
    );
    await new Promise((resolve) => other.close(resolve));
  });

  it('says one clear line for a directory that cannot be written', async () => {
    await writeFile(join(folder, 'a-file'), '');
    const run = trilock(['sandbox'], { TRILOCK_DATA_DIRECTORY: join(folder, 'a-file/below') });
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(/^trilock: .*a-file.*: a part of the path is not a directory\n$/);
  });

  it('stops a role on SIGTERM with status 0, and answers its operators until then', async () => {
    const socket = join(folder, 'w.sock');
    const monitor = '127.0.0.1:0';
    const run = trilock(['witness'], {
      TRILOCK_WITNESS_DIRECTORY: folder,
      TRILOCK_WITNESS_SOCKET: socket,
      TRILOCK_MONITOR: monitor,
    });
    await run.said(/"ready"/);
    const rival = trilock(['witness'], { TRILOCK_WITNESS_DIRECTORY: folder, TRILOCK_WITNESS_SOCKET: socket });
    expect(await rival.ended).toBe(1);
    expect(rival.output()).toContain('already in use');
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(0);
  });
});
