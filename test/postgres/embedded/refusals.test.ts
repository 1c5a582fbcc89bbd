import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PostgresError, startEmbeddedServer } from '../../../src/postgres/index.ts';
import { ask, temporaryFolder } from './scene.ts';

const isRoot = userInfo().uid === 0;
let folder: string;
let cleanUps: (() => unknown)[];
beforeEach(async () => {
  const temporary = await temporaryFolder();
  folder = temporary.path;
  cleanUps = [temporary.remove];
});
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

/** Starts a server that must not start; every refusal is one line. */
async function refusal(options: Parameters<typeof startEmbeddedServer>[0]): Promise<PostgresError> {
  try {
    const server = await startEmbeddedServer({ durable: false, ...options });
    await server.stop();
  } catch (error) {
    expect(error).toBeInstanceOf(PostgresError);
    expect((error as PostgresError).message).not.toContain('\n');
    return error as PostgresError;
  }
  throw new Error('It started.');
}

test('a port that is taken', async () => {
  const server = await new Promise<Server>((resolve) => {
    const listening = createServer().listen(0, '127.0.0.1', () => resolve(listening));
  });
  cleanUps.push(() => server.close());
  const { port } = server.address() as { port: number };
  const error = await refusal({ directory: join(folder, 'postgres'), port });
  expect(error).toMatchObject({ code: 'port_taken', message: `Port ${port} on 127.0.0.1 is taken.` });
});

test('a folder that cannot be made', async () => {
  await writeFile(join(folder, 'file'), '');
  const directory = join(folder, 'file', 'postgres');
  const error = await refusal({ directory });
  expect(error).toMatchObject({ code: 'directory_unwritable', message: `Cannot write in ${directory}.` });
});

test.skipIf(isRoot)('a folder that belongs to somebody else', async () => {
  await chmod(folder, 0o500);
  expect((await refusal({ directory: join(folder, 'postgres') })).code).toBe('directory_unwritable');
});

function mountSmallDisk(path: string, size: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('a full disk, when the cluster is made', async ({ skip }) => {
  if (!isRoot || !mountSmallDisk(folder, '10m')) skip('no disk can be mounted here');
  cleanUps.push(() => execFileSync('umount', [folder]));
  const directory = join(folder, 'postgres');
  expect(await refusal({ directory })).toMatchObject({ code: 'disk_full' });
});

test('a full disk, when the server starts again', async ({ skip }) => {
  if (!isRoot || !mountSmallDisk(folder, '200m')) skip('no disk can be mounted here');
  cleanUps.push(() => execFileSync('umount', [folder]));
  const directory = join(folder, 'postgres');
  const server = await startEmbeddedServer({ directory, durable: false });
  await server.stop();
  const filler = join(folder, 'filler');
  execFileSync('sh', ['-c', `cat /dev/zero > ${filler} 2>/dev/null || true`]);
  expect(await refusal({ directory })).toMatchObject({ code: 'disk_full' });
  await rm(filler);
  const again = await startEmbeddedServer({ directory, durable: false });
  expect(await ask(again.config, 'SELECT 1 AS one')).toEqual({ one: 1 });
  await again.stop();
});

test('a lost password, and a cluster of another version', async () => {
  const directory = join(folder, 'postgres');
  const server = await startEmbeddedServer({ directory, durable: false });
  await server.stop();
  await writeFile(join(directory, 'data', 'PG_VERSION'), '9\n');
  expect((await refusal({ directory })).code).toBe('version_mismatch');
  await rm(join(directory, 'password'));
  expect((await refusal({ directory })).code).toBe('password_lost');
});

test('what is left of an interrupted first start is thrown away', async () => {
  const directory = join(folder, 'postgres');
  await mkdir(join(directory, 'data.partial', 'data'), { recursive: true });
  await writeFile(join(directory, 'data.partial', 'data', 'PG_VERSION'), '18\n');
  const server = await startEmbeddedServer({ directory, durable: false });
  expect(await ask(server.config, 'SELECT 1 AS one')).toEqual({ one: 1 });
  await server.stop();
});

test.runIf(isRoot)('below a folder that only root enters, the cluster lies in /var/lib/trilock', async () => {
  await chmod(folder, 0o700);
  const directory = join(folder, 'postgres');
  const server = await startEmbeddedServer({ directory, durable: false });
  const home = await readlink(join(directory, 'cluster'));
  cleanUps.push(() => rm(home, { recursive: true, force: true }));
  expect(home).toMatch(/^\/var\/lib\/trilock\/[0-9a-f]{16}$/);
  expect((await stat(join(home, 'data'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, 'password'))).uid).toBe(0);
  await server.stop();
  const again = await startEmbeddedServer({ directory, durable: false });
  expect(again.config.password).toBe(server.config.password);
  await again.stop();
});
