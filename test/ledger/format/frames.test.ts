import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeAccountItem,
  decodeFrameError,
  decodeHistoryQuery,
  decodeIds,
  decodeLoggedItems,
  decodeRecord,
  decodeResults,
  decodeStatus,
  encodeCommands,
  encodeFrame,
  encodeFrameError,
  encodeHistoryQuery,
  encodeIds,
  encodeLoggedItem,
  encodeResults,
  encodeStatus,
  FRAME_HEADER_BYTES,
  FrameReader,
  LedgerFormatError,
  markRequest,
  MAX_FRAME_BYTES,
  openBatch,
  RESULT,
} from '../../../src/ledger/format/index.ts';
import { idAt } from '../engine/ids.ts';
import { goldenFiles } from './golden.ts';

const header = { type: 'submit', request: 2 ** 53 - 1, partition: 4, sequence: 9, timeMs: 0 } as const;
const records = encodeCommands([
  { kind: 'transfer', id: idAt(1), debitAccountId: 1n, creditAccountId: 2n, amount: 3n, asset: 1, code: 1 },
]);

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'accepted';
  } catch (error) {
    if (error instanceof LedgerFormatError) return error.code;
    throw error;
  }
}

function patched(offset: number, ...bytes: number[]): Uint8Array {
  const frame = encodeFrame(header, records);
  frame.set(bytes, offset);
  return frame;
}

describe('frames', () => {
  it('come back as they were, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (cuts) => {
        const stream = Buffer.concat([
          encodeFrame(header, records),
          encodeFrame({ ...header, type: 'askStatus' }, new Uint8Array(0)),
        ]);
        const reader = new FrameReader();
        const frames = [];
        for (let at = 0, cut = 0; at < stream.length; cut++) {
          const length = cuts[cut % cuts.length]!;
          frames.push(...reader.push(stream.subarray(at, at + length)));
          at += length;
        }
        expect(frames).toMatchObject([
          { ...header, count: 1 },
          { type: 'askStatus', count: 0 },
        ]);
        expect(Buffer.compare(frames[0]!.items, records)).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['another magic', patched(4, 0), 'frame_malformed'],
    ['another version', patched(6, 2), 'frame_version_unknown'],
    ['an unknown type', patched(7, 0x42), 'frame_malformed'],
    ['a count that is not its length', patched(20, 2), 'frame_malformed'],
    ['too many items', patched(20, 0xff, 0x1f), 'frame_too_large'],
    ['a length of gigabytes', patched(0, 0xff, 0xff, 0xff, 0xff), 'frame_malformed'],
    ['a request number above 2^53', patched(15, 0x20), 'frame_malformed'],
  ])('are refused with %s, from the header alone', (_name, frame, code) => {
    expect(codeOf(() => new FrameReader().push(frame.subarray(0, FRAME_HEADER_BYTES)))).toBe(code);
  });

  it('survive anything that is thrown at them, holding no more than one frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(40), (noise, keep) => {
        const reader = new FrameReader();
        const bytes = Buffer.concat([encodeFrame(header, records).subarray(0, keep), noise]);
        expect(['accepted', 'frame_malformed', 'frame_too_large', 'frame_version_unknown']).toContain(
          codeOf(() => reader.push(bytes)),
        );
        expect(reader.pendingBytes).toBeLessThanOrEqual(MAX_FRAME_BYTES);
      }),
    );
  });

  it('are not made with items that do not fit', () => {
    const tooMany = [new Uint8Array(127), new Uint8Array(8191 * 128)];
    for (const items of tooMany) expect(codeOf(() => encodeFrame(header, items))).toBe('frame_too_large');
    expect(codeOf(() => encodeFrame({ ...header, type: 'askStatus' }, new Uint8Array(1)))).toBe(
      'frame_too_large',
    );
  });
});

describe('items', () => {
  it('come back as they were', () => {
    expect(decodeIds(encodeIds([1n, 2n ** 128n - 1n]))).toEqual([1n, 2n ** 128n - 1n]);
    const query = { accountId: 7n, fromTimeMs: 1, toTimeMs: 2 ** 52, limit: 8190, newestFirst: true };
    expect(decodeHistoryQuery(encodeHistoryQuery(query))).toEqual(query);
    const next = { ...query, afterPosition: 0, newestFirst: false };
    expect(decodeHistoryQuery(encodeHistoryQuery(next))).toEqual(next);
    const status = { epoch: 5, isLeader: true, position: 6, hash: new Uint8Array(32).fill(8) };
    expect(decodeStatus(encodeStatus(status))).toEqual(status);
    expect(decodeFrameError(encodeFrameError('overloaded', 'später'))).toEqual({
      name: 'overloaded',
      text: 'später',
    });
    expect(decodeFrameError(new Uint8Array(2)).name).toBeUndefined();
    const answered = records.slice();
    answered.set([2, 0, RESULT.exceeds_credits, 0], 122);
    expect(decodeResults(encodeResults(answered, 2 ** 40))).toEqual([
      { result: RESULT.exceeds_credits, outcome: 'rejected', position: 2 ** 40, amount: 3n },
    ]);
    const items = new Uint8Array(320);
    encodeLoggedItem(items, 160, records, { sequence: 1, position: 2, timeMs: 3 });
    expect(decodeLoggedItems(items)).toEqual([
      undefined,
      { record: decodeRecord(records), sequence: 1, position: 2, timeMs: 3 },
    ]);
    expect(decodeAccountItem(new Uint8Array(128))).toBeUndefined();
  });

  it('of a history query are refused out of bounds', () => {
    const query = encodeHistoryQuery({
      accountId: 7n,
      fromTimeMs: 1,
      toTimeMs: 2,
      limit: 1,
      newestFirst: true,
    });
    const wrong: [number, number][] = [
      [40, 0],
      [42, 1],
      [44, 4],
      [48, 1],
      [22, 0x20],
    ];
    for (const [at, byte] of wrong) {
      const bytes = query.slice();
      bytes[at] = byte;
      expect([at, codeOf(() => decodeHistoryQuery(bytes))]).toEqual([at, 'frame_malformed']);
    }
  });

  it('of a request may not claim what only the ledger gives', () => {
    for (let byte = 121; byte < 128; byte++) {
      const claimed = records.slice();
      claimed[byte] = 1;
      expect(codeOf(() => markRequest(claimed))).toBe('frame_malformed');
    }
    expect(codeOf(() => markRequest(records.slice(1)))).toBe('frame_malformed');
    const marked = records.slice();
    markRequest(marked);
    expect(marked[121]).toBe(1);
  });

  it('do not take values that do not fit their fields', () => {
    const command = { kind: 'transfer', id: idAt(1), debitAccountId: 1n, creditAccountId: 2n } as const;
    const wrong = [
      { amount: -1n },
      { amount: 2n ** 128n },
      { asset: 2 ** 32 },
      { code: 1.5 },
      { timeoutSeconds: -1 },
    ];
    for (const values of wrong) {
      expect(codeOf(() => encodeCommands([{ ...command, ...values }]))).toBe('value_out_of_range');
    }
  });
});

describe('a batch', () => {
  it('is refused when any byte of it is another', () => {
    const batch = goldenFiles().get('batch-1')!;
    for (let byte = 0; byte < batch.length; byte++) {
      const altered = batch.slice();
      altered[byte]! ^= 0x40;
      const answer = codeOf(() => openBatch(altered.subarray(0, 128), altered.subarray(128)));
      expect([byte, ['batch_malformed', 'batch_hash_wrong'].includes(answer)]).toEqual([byte, true]);
    }
  });
});
