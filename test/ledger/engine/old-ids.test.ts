import { describe, expect, it } from 'vitest';
import { Engine } from '../../../src/ledger/engine/index.ts';
import {
  decodeRecord,
  encodeCommands,
  GENESIS_HASH,
  resultName,
  usesUpItsId,
  type TransferCommand,
} from '../../../src/ledger/format/index.ts';
import { Harness } from './harness.ts';
import { idAt, START_MS } from './ids.ts';

const PLACE = { partition: 0, epoch: 1, batchHash: GENESIS_HASH };

/** Three full batches of later ids push those of the first out of the smallest window. */
function withForgottenIds(): { h: Harness; old: TransferCommand; index: Map<string, Uint8Array> } {
  const h = new Harness();
  const old = h.transfer({ amount: 3n });
  expect(h.submit([old, h.transfer({ id: idAt(7), amount: 101n })])).toEqual(['ok', 'exceeds_credits']);
  for (let batch = 1; batch <= 3; batch++) {
    const timeMs = START_MS + batch;
    const many = Array.from({ length: 8190 }, (_, i) =>
      h.transfer({ id: idAt(i, timeMs), debitAccountId: 3n, creditAccountId: 1n }),
    );
    h.apply(encodeCommands(many), timeMs);
  }
  const index = new Map<string, Uint8Array>();
  for (const { records } of h.log) {
    for (let at = 0; at < records.length; at += 128) {
      const record = records.subarray(at, at + 128);
      if (usesUpItsId(record)) index.set(Buffer.from(record.subarray(0, 16)).toString('hex'), record);
    }
  }
  return { h, old, index };
}

function lookUp(
  index: Map<string, Uint8Array>,
  records: Uint8Array,
  numbers: readonly number[],
): Map<number, Uint8Array | null> {
  const id = (number: number): string =>
    Buffer.from(records.subarray(number * 128, number * 128 + 16)).toString('hex');
  return new Map(numbers.map((number) => [number, index.get(id(number)) ?? null]));
}

describe('ids older than the window', () => {
  it('are named for look-up, and refused as a batch while nobody has looked', () => {
    const { h, old } = withForgottenIds();
    const records = encodeCommands([h.transfer({ id: idAt(1, START_MS + 4) }), old, h.transfer({ id: 0n })]);
    expect(h.engine.oldIds(records)).toEqual([1]);
    const before = h.engine.stateHash();
    expect(() => {
      h.engine.apply(records, START_MS + 4);
    }).toThrow(
      expect.objectContaining({ code: 'engine_old_id_unresolved', details: { record: 1 } }) as Error,
    );
    expect([h.engine.stateHash(), h.engine.sequence]).toEqual([before, 5]);
    expect(h.engine.forgottenSequence).toBeGreaterThanOrEqual(2);
  });

  it('are answered as ever once looked up, and accepted once when nobody had them', () => {
    const { h, old, index } = withForgottenIds();
    const unused = h.transfer({ id: idAt(424_242) });
    const asked = [old, { ...old, amount: 4n }, h.transfer({ id: idAt(7), amount: 101n }), unused, unused];
    const records = encodeCommands(asked);
    const oldIds = h.engine.oldIds(records);
    expect(oldIds).toEqual([0, 1, 2, 3, 4]);
    const answers = h.apply(records, START_MS + 5, lookUp(index, records, oldIds));
    expect(answers.map(({ result }) => resultName(result))).toEqual([
      ...['exists', 'exists_with_different_amount', 'exceeds_credits', 'ok', 'exists'],
    ]);
    const again = encodeCommands([unused]);
    expect(h.engine.oldIds(again)).toEqual([]);
  });

  it('replay without look-ups, from the start and from a checkpoint, cold or warm', () => {
    const { h, old, index } = withForgottenIds();
    const cut = h.log.length;
    const checkpoint = h.engine.snapshot(PLACE);
    const asked = encodeCommands([old, h.transfer({ id: idAt(424_242) })]);
    h.apply(asked, START_MS + 5, lookUp(index, asked, h.engine.oldIds(asked)));

    const { engine: cold, header } = Engine.restore(checkpoint);
    const { engine: warm } = Engine.restore(checkpoint, { idsPerGeneration: 0 });
    const again = new Engine({ idsPerGeneration: 0 });
    const recent = encodeCommands([h.transfer({ id: idAt(1, START_MS + 3) })]);
    expect(cold.oldIds(recent)).toEqual([0]);
    for (let sequence = header.forgottenSequence + 1; sequence <= cut; sequence++) {
      expect(warm.remember(h.log[sequence - 1]!.records, sequence)).toBe(sequence < cut);
    }
    expect(warm.oldIds(recent)).toEqual([]);
    h.log.forEach(({ records, timeMs }) => again.replay(records, timeMs));
    for (const { records, timeMs } of h.log.slice(cut)) {
      cold.replay(records, timeMs);
      warm.replay(records, timeMs);
    }
    for (const engine of [cold, warm, again]) expect(engine.stateHash()).toEqual(h.engine.stateHash());
    expect(warm.snapshot(PLACE)).toEqual(h.engine.snapshot(PLACE));
  });

  it('take no batch out of order when a restored engine is told what it once knew', () => {
    const { h } = withForgottenIds();
    const { engine, header } = Engine.restore(h.engine.snapshot(PLACE));
    const next = header.forgottenSequence + 1;
    expect(engine.remember(h.log[next]!.records, next + 1)).toBe(false);
    expect(engine.forgottenSequence).toBe(h.engine.sequence);
  });
});

describe('holds resolved long ago', () => {
  it('are forgotten after 65,536 others, and then not found', () => {
    const h = new Harness({ idsPerGeneration: 262_144 });
    const first = h.transfer({ flags: { pending: true } });
    const voided = (pendingId: bigint): TransferCommand => ({
      ...({ kind: 'transfer', id: h.freshId(), pendingId, flags: { void: true } } as const),
    });
    h.submit([first, voided(first.id)]);
    for (let count = 0; count < 65_536; count += 4096) {
      const holds = Array.from({ length: 4096 }, () => h.transfer({ flags: { pending: true } }));
      if (count === 61_440) expect(h.submit([voided(first.id)])).toEqual(['pending_transfer_already_voided']);
      h.engine.apply(
        encodeCommands(holds.map((hold) => ({ ...hold, amount: 1n, debitAccountId: 3n }))),
        START_MS,
      );
      h.engine.apply(encodeCommands(holds.map(({ id }) => voided(id))), START_MS);
    }
    const last = encodeCommands([{ ...voided(first.id), id: idAt(1, START_MS + 9) }]);
    h.engine.apply(last, START_MS + 9);
    expect(resultName(decodeRecord(last).result)).toBe('pending_transfer_not_found');
    expect(h.engine.openHoldCount).toBe(0);
  });
});
