import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectRegtestControl,
  startRegtestNode,
  type RegtestControl,
  type RegtestNode,
  type RpcCredentials,
} from '../../../src/chain/index.ts';
import { satoshis } from '../../../src/shared/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ADDRESS = 'bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85';

interface Running {
  readonly child: ChildProcess;
  readonly control: RegtestControl;
}

async function startProcess(dataDirectory: string): Promise<Running> {
  const program = new URL('../support/node-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', program, dataDirectory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { url, credentials } = JSON.parse(line) as { url: string; credentials: RpcCredentials };
  return { child, control: connectRegtestControl(url, credentials) };
}

describe('an embedded node', () => {
  const directory = temporaryDirectory();
  afterAll(() => directory.remove());

  it('keeps its chain through kill -9 and goes on from there', async () => {
    const first = await startProcess(directory.path);
    const [before = ''] = await first.control.mine(1);
    const paid = await first.control.fund(ADDRESS, satoshis(123_456n));
    const [holding = ''] = await first.control.mine(1);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');

    const second = await startProcess(directory.path);
    try {
      expect(await second.control.blockHashes(441, 442)).toEqual([before, holding]);
      const [next = ''] = await second.control.mine(1);
      expect(await second.control.blockHashes(443, 443)).toEqual([next]);
      expect((await second.control.fund(ADDRESS, paid.satoshis)).txid).not.toBe(paid.txid);
    } finally {
      second.child.kill('SIGTERM');
      await once(second.child, 'exit');
    }
  });

  it('refuses a data directory that another node is running on', async () => {
    const running = await startRegtestNode({ dataDirectory: directory.path, rpcPort: 0 });
    try {
      await expect(startRegtestNode({ dataDirectory: directory.path, rpcPort: 0 })).rejects.toMatchObject({
        code: 'data_directory_in_use',
      });
    } finally {
      await running.stop();
    }
  });

  it('says in one line that its port is taken, and leaves the data directory usable', async () => {
    const running = await startRegtestNode({ dataDirectory: directory.path, rpcPort: 0 });
    const other = temporaryDirectory();
    try {
      const rpcPort = Number(new URL(running.url).port);
      await expect(startRegtestNode({ dataDirectory: other.path, rpcPort })).rejects.toMatchObject({
        code: 'port_in_use',
      });
      const afterwards = await startRegtestNode({ dataDirectory: other.path, rpcPort: 0 });
      await afterwards.stop();
    } finally {
      await running.stop();
      other.remove();
    }
  });

  it('says that a directory cannot be written', async () => {
    await expect(startRegtestNode({ dataDirectory: '/dev/null/nowhere', rpcPort: 0 })).rejects.toMatchObject({
      code: 'data_directory_unusable',
    });
  });
});

describe('control of a regtest chain', () => {
  const directory = temporaryDirectory();
  let node: RegtestNode;

  beforeAll(async () => {
    node = await startRegtestNode({ dataDirectory: directory.path, rpcPort: 0 });
  });
  afterAll(async () => {
    await node.stop();
    directory.remove();
  });

  it('funds many payments of many processes without waiting for blocks', async () => {
    const another = connectRegtestControl(node.url, node.credentials);
    const paid = [];
    for (let i = 0; i < 5; i++) {
      paid.push(
        await node.control.fund(ADDRESS, satoshis(10_000n)),
        await another.fund(ADDRESS, satoshis(10_000n)),
      );
    }
    expect(new Set(paid.map((output) => output.txid)).size).toBe(10);
  });

  it('replaces the last blocks by a longer branch', async () => {
    const tip = await node.control.height();
    const lost = await node.control.blockHashes(tip - 1, tip);
    const mined = await node.control.reorg(2);
    expect(mined).toHaveLength(3);
    expect(await node.control.blockHashes(tip - 1, tip + 1)).toEqual(mined);
    expect(mined).not.toContain(lost[0]);
  });

  it('refuses an address of another network', async () => {
    await expect(
      node.control.fund('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', satoshis(10_000n)),
    ).rejects.toMatchObject({ code: 'node_call_refused' });
  });

  it('refuses to give more than it has', async () => {
    await expect(node.control.fund(ADDRESS, satoshis(2_000_000_000_000_000n))).rejects.toMatchObject({
      code: 'node_call_refused',
    });
  });
});
