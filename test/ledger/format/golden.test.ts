import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../../src/ledger/engine/index.ts';
import { FrameReader, openBatch, openCheckpoint, RESULT } from '../../../src/ledger/format/index.ts';
import { idAt, START_MS } from '../engine/ids.ts';
import { goldenFiles } from './golden.ts';
import { readRawBatch, readRawCheckpoint } from './independent-reader.ts';

const folder = new URL('../../vectors/ledger/', import.meta.url);
const golden = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.hex'))
    .map((name) => [
      name.replace('.hex', ''),
      new Uint8Array(Buffer.from(readFileSync(new URL(name, folder), 'utf8').replace(/\s/g, ''), 'hex')),
    ]),
);
const file = (name: string): Uint8Array => golden.get(name)!;

describe('the golden bytes', () => {
  it('are what the ledger writes today', () => {
    const written = goldenFiles();
    expect([...written.keys()].sort()).toEqual([...golden.keys()].sort());
    for (const [name, bytes] of written) {
      expect([name, Buffer.from(bytes).toString('hex')]).toEqual([
        name,
        Buffer.from(file(name)).toString('hex'),
      ]);
    }
  });

  it('read by the document alone as the chain of batches they are', () => {
    const [first, second] = ['batch-1', 'batch-2'].map((name) => readRawBatch(file(name)));
    expect(first).toMatchObject({
      partition: 7,
      epoch: 3n,
      sequence: 1n,
      position: 0n,
      timeMs: BigInt(START_MS),
    });
    expect(first!.previousHash).toBe('00'.repeat(32));
    expect(second).toMatchObject({ sequence: 2n, position: 8n, previousHash: first!.hash });
    expect(first!.records.map(({ kind, outcome, result }) => [kind, outcome, result])).toEqual([
      [4, 1, 0],
      ...[2, 2, 2, 1, 1, 1, 1].map((kind) => [kind, 1, 0]),
    ]);
    expect(first!.records[4]).toMatchObject({
      ...{ id: idAt(1), debit: 1n, credit: 0xa11cen, amount: 2n ** 64n + 5n, userData128: 2n ** 128n - 2n },
      ...{ userData64: 0x0102030405060708n, userData32: 0x090a0b0c, asset: 1, code: 1, marks: 0 },
    });
    expect(first!.records.at(-1)).toMatchObject({ flags: 2, timeout: 1, marks: 1 });
  });

  it('show what the ledger completes, and why records failed', () => {
    const { records } = readRawBatch(file('batch-2'));
    expect(records.map(({ outcome, result }) => [outcome, result])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
      [129, 0],
      [1, 0],
      [1, 0],
      [1, 0],
      [3, RESULT.exists_with_different_amount],
      [4, RESULT.id_must_not_be_zero],
      [1, 0],
      [2, RESULT.pending_transfer_expired],
    ]);
    const completed = { debit: 0xa11cen, credit: 0xb0bn, asset: 1, code: 2 };
    expect(records[1]).toMatchObject({ kind: 5, pendingId: idAt(4), amount: 1n, ...completed });
    expect(records[2]).toMatchObject({ pendingId: idAt(2), amount: 400n, ...completed });
    expect(records[3]).toMatchObject({ pendingId: idAt(3), amount: 500n, ...completed });
    expect(records[4]).toMatchObject({ pendingId: 2n ** 128n - 1n, amount: 2n ** 64n + 5n - 900n });
  });

  it('replay to the checkpoint', () => {
    const engine = new Engine();
    for (const name of ['batch-1', 'batch-2']) {
      const batch = openBatch(file(name).subarray(0, 128), file(name).subarray(128));
      engine.replay(batch.records, batch.timeMs);
    }
    const { batchHash } = openCheckpoint(file('checkpoint'));
    expect(engine.snapshot({ partition: 7, epoch: 3, batchHash })).toEqual(file('checkpoint'));
    const { engine: restored } = Engine.restore(file('checkpoint'));
    expect(restored.stateHash()).toEqual(engine.stateHash());
    const raw = readRawCheckpoint(file('checkpoint'));
    expect(raw).toMatchObject({ sequence: 2n, position: 19n, usedIdsBeforeMs: BigInt(START_MS + 1) });
    expect(raw.accounts.map(({ id, flags, creditsPosted }) => [id, flags, creditsPosted])).toEqual([
      [1n, 2, 0n],
      [0xa11cen, 5, 2n ** 64n + 12n],
      [0xb0bn, 5, 2n ** 64n + 5n],
    ]);
    expect(raw.holds.map(({ id, state }) => [id, state])).toEqual([
      [idAt(4), 4],
      [idAt(2), 2],
      [idAt(3), 2],
    ]);
  });

  it('come through as frames, in one piece or byte by byte', () => {
    const stream = Buffer.concat(['frame-submit-1', 'frame-results-1', 'frame-look-up'].map(file));
    const whole = new FrameReader().push(stream);
    const reader = new FrameReader();
    const single = [...stream].flatMap((byte) => reader.push(Uint8Array.of(byte)));
    expect(single).toEqual(whole);
    expect(whole.map(({ type, count, request }) => [type, count, request])).toEqual([
      ['submit', 7, 1],
      ['results', 7, 1],
      ['lookUpAccounts', 2, 3],
    ]);
    expect(reader.pendingBytes).toBe(0);
  });
});
