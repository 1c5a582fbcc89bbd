import { chown, readFile, stat, writeFile } from 'node:fs/promises';
import { networkInterfaces, userInfo } from 'node:os';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startEmbeddedServer, type EmbeddedServer } from '../../../src/postgres/index.ts';
import { ask, startSupervisor, temporaryFolder, type Supervisor } from './scene.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function folder(): Promise<string> {
  const { path, remove } = await temporaryFolder();
  cleanUps.push(remove);
  return join(path, 'postgres');
}

async function start(options: Parameters<typeof startEmbeddedServer>[0]): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer(options);
  cleanUps.push(() => server.stop());
  return server;
}

async function supervisor(...args: Parameters<typeof startSupervisor>): Promise<Supervisor> {
  const started = await startSupervisor(...args);
  cleanUps.push(() => started.kill());
  return started;
}

test('a server keeps its data and its password over a stop, on loopback alone', async () => {
  const directory = await folder();
  const first = await start({ directory });
  await ask(first.config, 'CREATE TABLE kept AS SELECT 7 AS seven');
  expect((await stat(join(directory, 'password'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(directory, 'postgres.log'))).mode & 0o777).toBe(0o600);
  expect(await ask(first.config, 'SHOW fsync')).toEqual({ fsync: 'on' });
  await expect(ask({ ...first.config, password: 'guessed' }, 'SELECT 1')).rejects.toThrow('password');
  const elsewhere = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.internal === false && address.family === 'IPv4')?.address;
  if (elsewhere !== undefined) {
    await expect(ask({ ...first.config, host: elsewhere }, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  }
  await first.stop();
  await first.exited;

  const second = await start({ directory });
  expect(second.adopted).toBe(false);
  expect(second.config.password).toBe(first.config.password);
  expect(await ask(second.config, 'SELECT seven FROM kept')).toEqual({ seven: 7 });
});

test('several servers run side by side, and one folder has one supervisor', async () => {
  const directory = await folder();
  const one = await start({ directory, durable: false });
  const other = await start({ directory: await folder(), durable: false });
  expect(one.config.port).not.toBe(other.config.port);
  await expect(startEmbeddedServer({ directory, durable: false })).rejects.toMatchObject({
    code: 'already_running',
  });
  expect((await supervisor({ directory, durable: false })).said.code).toBe('already_running');
  expect(await ask(one.config, 'SELECT 1 AS one')).toEqual({ one: 1 });
});

test('the server that a killed supervisor left behind is adopted, with what was committed', async () => {
  const directory = await folder();
  const killed = await supervisor({ directory, durable: false });
  await ask(killed.said.config!, 'CREATE TABLE kept AS SELECT 7 AS seven');
  await killed.kill();
  const next = await start({ directory, durable: false });
  expect(next).toMatchObject({ adopted: true, pid: killed.said.pid, config: killed.said.config });
  expect(await ask(next.config, 'SELECT seven FROM kept')).toEqual({ seven: 7 });
  await next.stop();
  await next.exited;
  await expect(ask(next.config, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
});

test('an orphan on another port than the one asked for is stopped and started there', async () => {
  const directory = await folder();
  const killed = await supervisor({ directory, durable: false });
  await ask(killed.said.config!, 'CREATE TABLE kept AS SELECT 7 AS seven');
  await killed.kill();
  const probe = createServer();
  const port = await new Promise<number>((resolve) => {
    probe.listen(0, '127.0.0.1', () => resolve((probe.address() as { port: number }).port));
  });
  await new Promise((resolve) => probe.close(resolve));
  const next = await start({ directory, port, durable: false });
  expect(next).toMatchObject({ adopted: false, config: { port } });
  expect(await ask(next.config, 'SELECT seven FROM kept')).toEqual({ seven: 7 });
});

test('after the server itself was killed, the next start recovers what was committed', async () => {
  const directory = await folder();
  const first = await start({ directory });
  await ask(first.config, 'CREATE TABLE kept AS SELECT 7 AS seven');
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  const next = await start({ directory });
  expect(next.adopted).toBe(false);
  expect(await ask(next.config, 'SELECT seven FROM kept')).toEqual({ seven: 7 });
});

test('a process number that now belongs to another program is not taken for a live server', async () => {
  const directory = await folder();
  const first = await start({ directory, durable: false });
  const data = (await ask(first.config, 'SHOW data_directory'))?.['data_directory'] as string;
  await ask(first.config, 'CREATE TABLE kept AS SELECT 7 AS seven');
  const file = await readFile(join(data, 'postmaster.pid'), 'utf8');
  await first.stop();
  // As after a power cut: the file of the dead server, whose number this very process has today.
  await writeFile(join(data, 'postmaster.pid'), file.replace(/^[0-9]+/, String(process.pid)), {
    mode: 0o600,
  });
  const { uid, gid } = await stat(data);
  await chown(join(data, 'postmaster.pid'), uid, gid);
  const next = await start({ directory, durable: false });
  expect(await ask(next.config, 'SELECT seven FROM kept')).toEqual({ seven: 7 });
});

test.runIf(userInfo().uid === 0)('an ordinary user runs it as itself', async () => {
  const { path, remove } = await temporaryFolder();
  cleanUps.push(remove);
  const nobody = { uid: 65534, gid: 65534 };
  await chown(path, nobody.uid, nobody.gid);
  const { said } = await supervisor({ directory: join(path, 'postgres'), durable: false }, nobody);
  expect(said).toMatchObject({ adopted: false });
  expect((await stat(join(path, 'postgres', 'data'))).uid).toBe(nobody.uid);
  // Root comes later, adopts nothing that lives, and runs the cluster as its owner once it is free.
  await expect(
    startEmbeddedServer({ directory: join(path, 'postgres'), durable: false }),
  ).rejects.toMatchObject({
    code: 'already_running',
  });
});
