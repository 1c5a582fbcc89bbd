import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decodeFrameError,
  encodeCommands,
  encodeFrame,
  encodeHistoryQuery,
  FrameReader,
  MAX_BATCH_RECORDS,
  RECORD_BYTES,
  RECORD_OFFSET,
  type Frame,
  type FrameType,
} from '../../../src/ledger/format/index.ts';
import type { TestDatabase } from '../../postgres/test-database.ts';
import { createLedgerDatabase } from '../ledger-database.ts';
import { freshId, startLedger, type TestLedger } from '../running-ledger.ts';

let database: TestDatabase;
let running: TestLedger;

beforeAll(async () => {
  database = await createLedgerDatabase();
  running = await startLedger(database);
  await running.client().status();
});

afterAll(async () => {
  await running.stop();
  await database.drop();
});

/** A peer that speaks bytes, not the client library. */
class RawPeer {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  readonly #reader = new FrameReader();

  constructor() {
    this.socket = connect((running.ledger.address as { path: string }).path);
    this.socket.on('data', (bytes) => this.frames.push(...this.#reader.push(bytes)));
    this.socket.on('error', () => undefined);
  }

  async frame(): Promise<Frame> {
    await expect.poll(() => this.frames.length).toBeGreaterThan(0);
    return this.frames.shift()!;
  }

  async error(): Promise<string | undefined> {
    const frame = await this.frame();
    expect(frame.type).toBe('error');
    return decodeFrameError(frame.items).name;
  }

  async closed(): Promise<void> {
    if (!this.socket.destroyed) await once(this.socket, 'close');
  }
}

function request(type: FrameType, items: Uint8Array, partition = 0): Uint8Array {
  return encodeFrame({ type, request: 9, partition, sequence: 0, timeMs: 0 }, items);
}

function transferBytes(count = 1): Uint8Array {
  return encodeCommands(
    Array.from({ length: count }, () => ({
      kind: 'transfer' as const,
      id: freshId(),
      debitAccountId: 1n,
      creditAccountId: 2n,
      amount: 1n,
      asset: 1,
      code: 1,
    })),
  );
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

describe('bytes that are no request', () => {
  const status = request('askStatus', new Uint8Array(0));
  const submit = request('submit', transferBytes());

  it.each([
    [
      'another protocol',
      Buffer.from('GET / HTTP/1.1\r\nHost: ledger\r\nAccept: */*\r\n\r\n'),
      'frame_malformed',
    ],
    ['a wrong magic', changed(status, 4, 0), 'frame_malformed'],
    ['an unknown version', changed(status, 6, 2), 'frame_version_unknown'],
    ['an unknown type', changed(status, 7, 0x70), 'frame_malformed'],
    ['a count above the length', changed(submit, 20, 2), 'frame_malformed'],
    ['a count below the length', changed(submit, 20, 0), 'frame_malformed'],
    ['a length above the count', changed(submit, 1, 0x7f), 'frame_malformed'],
    ['more records than a batch holds', changed(changed(submit, 20, 0xff), 21, 0x1f), 'frame_too_large'],
    ['a request number above 2^53', changed(status, 15, 0xff), 'frame_malformed'],
    ['a request without a record', request('submit', new Uint8Array(0)), 'frame_malformed'],
    ['an answer', request('results', new Uint8Array(32)), 'frame_type_unexpected'],
    [
      'a record that claims its own result',
      request('submit', changed(transferBytes(), RECORD_OFFSET.outcome, 1)),
      'frame_malformed',
    ],
    [
      'a record that claims to be the ledger’s own',
      request('submit', changed(transferBytes(2), RECORD_BYTES + RECORD_OFFSET.marks, 2)),
      'frame_malformed',
    ],
    [
      'a history of nothing',
      request(
        'queryHistory',
        changed(
          encodeHistoryQuery({ accountId: 1n, fromTimeMs: 0, toTimeMs: 0, limit: 1, newestFirst: true }),
          40,
          0,
        ),
      ),
      'frame_malformed',
    ],
  ])('%s is refused by name and the connection closed', async (_name, bytes, expected) => {
    const peer = new RawPeer();
    peer.socket.write(bytes);
    expect(await peer.error()).toBe(expected);
    await peer.closed();
  });

  it('of another partition is refused, and the connection lives on', async () => {
    const peer = new RawPeer();
    peer.socket.write(request('askStatus', new Uint8Array(0), 7));
    expect(await peer.error()).toBe('partition_unknown');
    peer.socket.write(status);
    expect((await peer.frame()).type).toBe('status');
    peer.socket.destroy();
  });

  it('that arrive one by one are understood', async () => {
    const peer = new RawPeer();
    peer.socket.setNoDelay(true);
    for (const byte of status) {
      peer.socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await peer.frame()).type).toBe('status');
    peer.socket.destroy();
  });
});

describe('a client that stops reading', () => {
  it('is left waiting while others are served, and takes no more memory than its credit', async () => {
    const stopped = new RawPeer();
    await once(stopped.socket, 'connect');
    stopped.socket.pause();
    // Answers of 40 times 8,190 items: far more than it may leave lying.
    const ids = new Uint8Array(MAX_BATCH_RECORDS * 16).fill(1);
    for (let n = 0; n < 40; n++) stopped.socket.write(request('lookUpTransfers', ids));
    const client = running.client();
    for (let n = 0; n < 20; n++) await client.accounts([freshId()]);
    // The server has stopped taking its requests.
    expect(stopped.socket.writableLength).toBeGreaterThan(0);
    stopped.socket.resume();
    await expect.poll(() => stopped.frames.length, { timeout: 30_000 }).toBe(40);
    stopped.socket.destroy();
  });
});

describe('through the client', () => {
  it('ids from the future, repeated ids in one batch, and open chains get their codes', async () => {
    const client = running.client();
    const [a, b] = [freshId(), freshId()];
    await client.createAccounts([a, b].map((id) => ({ id, asset: 1, code: 1 })));
    const transfer = { debitAccountId: a, creditAccountId: b, amount: 5n, asset: 1, code: 1 };
    const future = (BigInt(Date.now() + 3_600_000) << 80n) | (freshId() & ((1n << 80n) - 1n));
    const twice = freshId();
    const { results } = await client.transfer([
      { ...transfer, id: future },
      { ...transfer, id: twice },
      { ...transfer, id: twice },
      { ...transfer, id: twice, amount: 6n },
      { ...transfer, id: freshId(), flags: { linked: true } },
    ]);
    expect(results.map(({ result }) => result)).toEqual([
      'id_is_from_the_future',
      'ok',
      'exists',
      'exists_with_different_amount',
      'linked_chain_open',
    ]);
    // An id from the future is not used up.
    expect((await client.transfers([future, twice])).value.map((found) => found?.record.amount)).toEqual([
      undefined,
      5n,
    ]);
  });

  it('too many and too few commands, and values that no field holds, never leave the client', async () => {
    const client = running.client();
    await expect(client.submit([])).rejects.toMatchObject({ code: 'ledger_request_invalid' });
    const account = { kind: 'account' as const, id: freshId(), asset: 1, code: 1 };
    const many = Array.from({ length: MAX_BATCH_RECORDS + 1 }, () => account);
    await expect(client.submit(many)).rejects.toMatchObject({ code: 'ledger_request_invalid' });
    await expect(client.createAccounts([{ ...account, asset: 2 ** 32 }])).rejects.toMatchObject({
      code: 'value_out_of_range',
    });
    await expect(client.transfer([{ id: freshId(), amount: -1n }])).rejects.toMatchObject({
      code: 'value_out_of_range',
    });
  });

  it('a full queue is refused at once, and a ledger that is not there in time', async () => {
    const client = running.client({
      addresses: [{ path: '/nonexistent/socket' }],
      requestTimeoutMs: 300,
      maxQueuedRecords: 2,
    });
    const account = { id: freshId(), asset: 1, code: 1 };
    const waiting = client.createAccounts([account, account]);
    waiting.catch(() => undefined);
    await expect(client.createAccounts([account])).rejects.toMatchObject({ code: 'ledger_overloaded' });
    await expect(waiting).rejects.toMatchObject({ code: 'ledger_unreachable', retryable: true });
    const last = client.createAccounts([account]);
    client.close();
    await expect(last).rejects.toMatchObject({ code: 'ledger_client_closed' });
  });
});
