import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { connectNode, type ChainNode, type RegtestNode } from '../../../src/chain/index.ts';

/** Turns the true result of a call into what is told instead. */
export type Lie = (method: string, params: readonly unknown[], result: unknown) => unknown;

interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A node that lies: it passes calls on to a real one and changes the answers. */
export async function startLyingNode(
  honest: RegtestNode,
  lie: Lie,
): Promise<{ node: ChainNode; close(): Promise<void> }> {
  const cookie = readFileSync(honest.credentials.cookieFile, 'utf8');
  const authorization = `Basic ${Buffer.from(cookie).toString('base64')}`;
  const distort = (call: Call, reply: { result?: unknown }): unknown =>
    'result' in reply ? { ...reply, result: lie(call.method, call.params, reply.result) } : reply;
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const truth = await fetch(honest.url, { method: 'POST', body, headers: { authorization } });
      const calls = JSON.parse(body) as Call | Call[];
      const replies = (await truth.json()) as { result?: unknown } | { result?: unknown }[];
      const told =
        Array.isArray(calls) && Array.isArray(replies)
          ? calls.map((call, at) => distort(call, replies[at] ?? {}))
          : distort(calls as Call, replies as { result?: unknown });
      response.writeHead(200).end(JSON.stringify(told));
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const node = connectNode({ url, credentials: { user: 'a', password: 'b' }, attempts: 1 });
  return {
    node,
    close: () => {
      node.close();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
