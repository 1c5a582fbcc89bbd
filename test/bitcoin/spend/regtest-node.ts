import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegtestNode, type RegtestControl } from '../../../src/chain/index.ts';

/** A node that belongs to one test file, with the few calls that a spend needs. */
export interface TestNode {
  readonly control: RegtestControl;
  readonly call: (method: string, ...params: readonly unknown[]) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

interface RpcAnswer {
  readonly result: unknown;
  readonly error?: { readonly code: number; readonly message: string } | null;
}

export async function startTestNode(bitcoindBinary: string | undefined): Promise<TestNode> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'trilock-spend-'));
  const node = await startRegtestNode({
    dataDirectory,
    rpcPort: 0,
    ...(bitcoindBinary === undefined ? {} : { bitcoindBinary }),
  });
  const authorization = `Basic ${Buffer.from(readFileSync(node.credentials.cookieFile, 'utf8')).toString('base64')}`;
  return {
    control: node.control,
    async call(method, ...params) {
      const response = await fetch(node.url, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '1.0', id: 1, method, params }),
      });
      const { result, error } = (await response.json()) as RpcAnswer;
      if (error) throw new Error(`${method}: ${error.message} (${error.code})`);
      return result;
    },
    async stop() {
      await node.stop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}
