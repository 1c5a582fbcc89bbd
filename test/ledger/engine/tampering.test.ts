import { describe, expect, it } from 'vitest';
import { Engine, LedgerEngineError } from '../../../src/ledger/engine/index.ts';
import {
  checkpointHash,
  encodeCommands,
  LedgerFormatError,
  openCheckpoint,
  sealCheckpoint,
} from '../../../src/ledger/format/index.ts';
import { Harness } from './harness.ts';
import { START_MS } from './ids.ts';

function history(): Harness {
  const h = new Harness();
  const hold = h.transfer({ amount: 10n, flags: { pending: true }, timeoutSeconds: 5 });
  h.submit([
    hold,
    h.transfer({ amount: 1000n }),
    h.transfer({ amount: 60n, flags: { balancingDebit: true } }),
    { kind: 'transfer', id: h.freshId(), pendingId: hold.id, amount: 4n, flags: { post: true } },
    { kind: 'accountFlags', id: h.freshId(), accountId: 2n, set: { frozen: true }, code: 1 },
    h.transfer({ debitAccountId: 2n, creditAccountId: 1n, flags: { linked: true } }),
    h.transfer(),
  ]);
  return h;
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'accepted';
  } catch (error) {
    if (error instanceof LedgerEngineError || error instanceof LedgerFormatError) return error.code;
    throw error;
  }
}

const place = { partition: 0, epoch: 1, batchHash: new Uint8Array(32) };

describe('a log that somebody has altered, with hashes made to fit', () => {
  it('does not replay when any bit of an outcome or result is another', () => {
    const [setup, batch] = history().log;
    for (let record = 0; record < batch!.records.length; record += 128) {
      for (const bit of [0, 1, 2, 7]) {
        for (const byte of [122, 124, 125]) {
          const altered = batch!.records.slice();
          altered[record + byte]! ^= 1 << bit;
          const engine = new Engine({ idsPerGeneration: 0 });
          engine.replay(setup!.records, setup!.timeMs);
          expect(codeOf(() => engine.replay(altered, batch!.timeMs))).not.toBe('accepted');
        }
      }
    }
  });

  it('does not replay to the same state when an amount, an account or an id is another', () => {
    const honest = history();
    const [setup, batch] = honest.log;
    for (const byte of [5, 33, 40, 49, 64, 71]) {
      const altered = batch!.records.slice();
      altered[byte]! ^= 1;
      const engine = new Engine({ idsPerGeneration: 0 });
      engine.replay(setup!.records, setup!.timeMs);
      const answer = codeOf(() => engine.replay(altered, batch!.timeMs));
      const isSame = Buffer.compare(engine.stateHash(), honest.engine.stateHash()) === 0;
      expect([byte, answer === 'accepted' && isSame]).toEqual([byte, false]);
    }
  });
});

describe('a checkpoint that somebody has altered', () => {
  it('is refused for every byte of it', () => {
    const bytes = history().engine.snapshot(place);
    for (let byte = 0; byte < bytes.length; byte++) {
      const altered = bytes.slice();
      altered[byte]! ^= 0x10;
      expect(['checkpoint_malformed', 'checkpoint_hash_wrong']).toContain(
        codeOf(() => Engine.restore(altered)),
      );
    }
  });

  it.each([
    ['a balance raised', 192 + 32],
    ['a pending sum raised', 192 + 48],
    ['an account twice', 192 + 128 + 15],
    ['a hold of an account that is not there', -96 + 31],
    ['a hold in no state', -96 + 90],
  ])('is refused with new hashes too: %s', (_name, offset) => {
    const bytes = history().engine.snapshot(place);
    const at = offset < 0 ? bytes.length + offset : offset;
    bytes[at] = offset === 192 + 128 + 15 ? 1 : bytes[at]! + 77;
    sealCheckpoint(openHeader(), bytes);
    expect(checkpointHash(bytes)).not.toEqual(checkpointHash(history().engine.snapshot(place)));
    expect(codeOf(() => Engine.restore(bytes))).toBe('engine_checkpoint_malformed');
  });

  it('is refused when it is cut short or not a checkpoint', () => {
    const bytes = history().engine.snapshot(place);
    const wrong = [bytes.subarray(0, 100), bytes.subarray(0, bytes.length - 1), new Uint8Array(500)];
    expect(wrong.map((wrongBytes) => codeOf(() => Engine.restore(wrongBytes)))).toEqual(
      wrong.map(() => 'checkpoint_malformed'),
    );
  });
});

function openHeader(): ReturnType<typeof openCheckpoint> {
  return openCheckpoint(history().engine.snapshot(place));
}

describe('batches that are no batches', () => {
  it('change nothing', () => {
    const h = history();
    const before = h.engine.stateHash();
    const one = encodeCommands([h.transfer()]);
    const marked = one.slice();
    marked[122] = 1;
    const unaligned = new Uint8Array(129).subarray(1);
    const attempts: [Uint8Array, number][] = [
      [new Uint8Array(0), START_MS],
      [one.subarray(0, 127), START_MS],
      [new Uint8Array(8191 * 128), START_MS],
      [marked, START_MS],
      [unaligned, START_MS],
      [one, Number.NaN],
      [one, START_MS - 1],
    ];
    expect(attempts.map(([records, timeMs]) => codeOf(() => h.engine.apply(records, timeMs)))).toEqual([
      ...Array.from({ length: 6 }, () => 'engine_batch_malformed'),
      'engine_time_went_back',
    ]);
    expect(h.engine.stateHash()).toEqual(before);
  });
});
