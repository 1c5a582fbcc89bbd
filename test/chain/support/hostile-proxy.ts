import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { RegtestNode } from '../../../src/chain/index.ts';
import type { Lie } from './lying-proxy.ts';

/** What a node, or somebody on the way to it, does to every answer. */
export type Fault =
  | 'none'
  /** Takes the call, and never says anything. */
  | 'hangs'
  /** Says everything, much later. */
  | { readonly slowMs: number }
  /** Ends in the middle of the answer, with the length of the whole. */
  | 'cuts off'
  /** Ends in the middle of the answer, as if that were all. */
  | 'truncates'
  | 'says garbage'
  /** Ends the connection on hearing anything. */
  | 'resets'
  | 'is busy'
  | { readonly lies: Lie }
  /** Answers some calls itself, so that the node never hears of them. */
  | { readonly instead: (method: string, params: readonly unknown[]) => Reply | undefined }
  /** Only with these calls. */
  | { readonly only: readonly string[]; readonly fault: Fault };

/** As Bitcoin Core answers. */
type Reply =
  { readonly result: unknown } | { readonly error: { readonly code: number; readonly message: string } };

/** Refuses every transaction in these words, as one that was verified and not taken. */
export function refusing(message: string, code = -26): Fault {
  return {
    instead: (method) => (method === 'sendrawtransaction' ? { error: { code, message } } : undefined),
  };
}

type Target = Pick<RegtestNode, 'url' | 'credentials'>;

interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Stands in front of a real node and passes calls on, with faults that can be changed at any time. */
export interface HostileProxy {
  readonly url: string;
  readonly credentials: { readonly user: string; readonly password: string };
  fault: Fault;
  /** Which node is behind it. */
  target: Target;
  /** How many calls came. */
  readonly calls: () => number;
  close(): Promise<void>;
}

function distorted(lie: Lie, body: string, truth: string): string {
  const calls = JSON.parse(body) as Call | Call[];
  const replies = JSON.parse(truth) as { result?: unknown } | { result?: unknown }[];
  const one = (call: Call, reply: { result?: unknown }): unknown =>
    'result' in reply && reply.result !== undefined
      ? { ...reply, result: lie(call.method, call.params, reply.result) }
      : reply;
  return JSON.stringify(
    Array.isArray(calls) && Array.isArray(replies)
      ? calls.map((call, at) => one(call, replies[at] ?? {}))
      : one(calls as Call, replies as { result?: unknown }),
  );
}

/** The fault that concerns these calls. */
function faultOf(fault: Fault, calls: readonly Call[]): Fault {
  if (typeof fault !== 'object' || !('only' in fault)) return fault;
  return calls.some(({ method }) => fault.only.includes(method)) ? fault.fault : 'none';
}

/** What the proxy says itself to a single call; batches go to the node. */
function ownAnswer(fault: Fault, calls: readonly (Call & { readonly id?: unknown })[]): string | undefined {
  const [call, second] = calls;
  if (typeof fault !== 'object' || !('instead' in fault) || call === undefined || second !== undefined)
    return undefined;
  const reply = fault.instead(call.method, call.params);
  return reply && JSON.stringify({ jsonrpc: '2.0', id: call.id, ...reply });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function answer(fault: Fault, body: string, truth: string, response: ServerResponse): Promise<void> {
  if (typeof fault === 'object') {
    if ('slowMs' in fault) await pause(fault.slowMs);
    response.end('lies' in fault ? distorted(fault.lies, body, truth) : truth);
    return;
  }
  const half = truth.slice(0, truth.length >> 1);
  if (fault === 'cuts off') {
    response.writeHead(200, { 'content-length': truth.length });
    response.write(half, () => response.destroy());
  } else if (fault === 'truncates') response.end(half);
  else if (fault === 'says garbage') response.end('\u0000\u0001{]"result":');
  else if (fault === 'is busy') response.writeHead(503).end('Work queue depth exceeded');
  else if (fault === 'none') response.end(truth);
}

export async function startHostileProxy(honest: Target): Promise<HostileProxy> {
  let calls = 0;
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    void (async () => {
      calls++;
      const body = await text(request);
      const { target } = proxy;
      const parsed = JSON.parse(body) as Call | Call[];
      const asked = Array.isArray(parsed) ? parsed : [parsed];
      const fault = faultOf(proxy.fault, asked);
      if (fault === 'hangs') return;
      if (fault === 'resets') {
        request.socket.resetAndDestroy();
        return;
      }
      const own = ownAnswer(fault, asked);
      if (own !== undefined) {
        response.end(own);
        return;
      }
      const authorization = `Basic ${readFileSync(target.credentials.cookieFile).toString('base64')}`;
      const truth = await fetch(target.url, { method: 'POST', body, headers: { authorization } });
      await answer(fault, body, await truth.text(), response);
    })().catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: HostileProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { user: 'user', password: 'secret' },
    fault: 'none',
    target: honest,
    calls: () => calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return proxy;
}
