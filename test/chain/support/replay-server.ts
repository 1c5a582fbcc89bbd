import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Reply {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string } | null;
}

interface Recording {
  readonly note: string;
  readonly request: { readonly method?: string; readonly params?: readonly unknown[] };
  readonly reply: Reply;
}

const PATH = new URL('../../vectors/core-rpc/recorded.json', import.meta.url);

/** Arguments that only repeat a default, or that the recording left to the node's default. */
function essential(method: string, params: readonly unknown[]): readonly unknown[] {
  if (method === 'sendrawtransaction' || method === 'testmempoolaccept') return params.slice(0, 1);
  if ((method === 'getblockheader' || method === 'getblock') && params[1] === true) return params.slice(0, 1);
  if (method === 'gettxout' && params[2] === true) return params.slice(0, 2);
  return params;
}

function keyOf(method: string, params: readonly unknown[]): string {
  return JSON.stringify([method, essential(method, params)]);
}

function littleEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** The 80 bytes behind a recorded header summary. */
function rawHeader(summary: Record<string, unknown>): string {
  const reversed = (name: string): Buffer => Buffer.from(String(summary[name]), 'hex').reverse();
  return Buffer.concat([
    littleEndian(Number(summary['version'])),
    reversed('previousblockhash'),
    reversed('merkleroot'),
    littleEndian(Number(summary['time'])),
    reversed('bits'),
    littleEndian(Number(summary['nonce'])),
  ]).toString('hex');
}

export interface ReplayServer {
  readonly url: string;
  /** From now on it answers as the node did when this was recorded. */
  moveTo(note: string): void;
  transactionOf(note: string): Uint8Array;
  close(): Promise<void>;
}

/** A server that plays a recorded Bitcoin Core. What was never asked in the recording is unknown to it. */
export async function startReplayServer(): Promise<ReplayServer> {
  const file = JSON.parse(readFileSync(PATH, 'utf8')) as { calls: Recording[] };
  const recordings = file.calls;
  let now = 0;
  /** Sent to this server since it last moved: in its memory pool, as the recording says they came to be. */
  const waiting = new Set<string>();

  const find = (method: string, params: readonly unknown[]): Recording | undefined => {
    const key = keyOf(method, params);
    const matching = recordings
      .map((recording, at) => ({ recording, at }))
      .filter(
        ({ recording }) => keyOf(recording.request.method ?? '', recording.request.params ?? []) === key,
      );
    return (matching.filter(({ at }) => at <= now).at(-1) ?? matching[0])?.recording;
  };
  const entryOf = (txid: string): Reply | undefined =>
    recordings.find(
      ({ request, reply }) =>
        request.method === 'getmempoolentry' && request.params?.[0] === txid && reply.result !== undefined,
    )?.reply;
  const unknownOfItsKind = (method: string): Reply => {
    const notes: Record<string, string> = {
      getmempoolentry: 'not in the mempool',
      getrawtransaction: 'unknown transaction',
      getblockheader: 'unknown block',
      getblock: 'unknown block',
      getblockhash: 'height beyond the tip',
      gettxout: 'no such output',
    };
    const note = notes[method];
    const all = recordings.filter((recording) => recording.note === note);
    return (
      (all.find((recording) => recording.request.method === method) ?? all[0])?.reply ?? {
        error: { code: -32601, message: 'Method not found' },
      }
    );
  };
  const answer = (request: { method: string; params: readonly unknown[]; id: unknown }): string => {
    const asked = String(request.params[0]);
    const recording = find(request.method, request.params);
    const absent =
      request.method === 'getmempoolentry' &&
      !waiting.has(asked) &&
      recording !== undefined &&
      recordings.indexOf(recording) > now;
    if (request.method === 'sendrawtransaction' && typeof recording?.reply.result === 'string')
      waiting.add(recording.reply.result);
    if (recording === undefined && request.method === 'getblockheader' && request.params[1] === false) {
      const summary = find('getblockheader', [request.params[0]])?.reply.result as
        Record<string, unknown> | undefined;
      if (summary !== undefined)
        return JSON.stringify({ jsonrpc: '2.0', result: rawHeader(summary), id: request.id });
    }
    const reply =
      (absent
        ? undefined
        : request.method === 'getmempoolentry' && waiting.has(asked)
          ? entryOf(asked)
          : recording?.reply) ?? unknownOfItsKind(request.method);
    return JSON.stringify({ ...reply, id: request.id });
  };

  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const parsed = JSON.parse(body) as { method: string; params: unknown[]; id: unknown };
      const replies = Array.isArray(parsed)
        ? `[${parsed.map((one) => answer(one as typeof parsed)).join(',')}]`
        : answer(parsed);
      response.writeHead(200, { 'content-type': 'application/json' }).end(replies);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const indexOf = (note: string): number => {
    const at = recordings.findIndex((recording) => recording.note === note);
    if (at < 0) throw new Error(`nothing was recorded under "${note}"`);
    return at;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    moveTo: (note) => {
      now = indexOf(note);
      waiting.clear();
    },
    transactionOf: (note) => {
      const [first] = recordings[indexOf(note)]?.request.params ?? [];
      return Buffer.from(String(Array.isArray(first) ? first[0] : first), 'hex');
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
