import { describe, expect, it } from 'vitest';
import { batchHash, RECORD_BYTES, sealBatch } from '../../../src/ledger/format/index.ts';
import type { LogBatch } from '../../../src/ledger/store/log-store.ts';
import { verifyLedger } from '../../../src/ledger/verify/verify-ledger.ts';
import { digestsOf, partsOver, sampleLog } from './sample-log.ts';

/** The log with one bit of one stored byte of a batch turned over. */
function flipped(log: readonly LogBatch[], n: number, part: 'header' | 'records', at: number): LogBatch[] {
  return log.map((batch, m) => {
    if (m !== n) return batch;
    const bytes = batch[part].slice();
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    return { ...batch, [part]: bytes };
  });
}

describe('a log as it was written', () => {
  it('passes, and its end is told', async () => {
    const log = sampleLog();
    const report = await verifyLedger(partsOver(log, digestsOf(log)));
    expect(report).toMatchObject({ batches: 3, records: 6, sequence: 3, findings: [] });
    expect(Buffer.from(report.hash)).toEqual(Buffer.from(batchHash(log[2]!.header)));
  });
});

describe('every byte of the log', () => {
  const log = sampleLog();
  const digests = digestsOf(log);

  it.each(log.map((batch) => [batch.sequence, batch] as const))(
    'of batch %d is found when it changes, and batch and record are named',
    async (sequence, batch) => {
      for (let at = 0; at < batch.records.byteLength; at++) {
        const { findings } = await verifyLedger(
          partsOver(flipped(log, sequence - 1, 'records', at), digests),
        );
        expect(findings[0]).toMatchObject({ part: 'log', sequence, record: Math.floor(at / RECORD_BYTES) });
      }
      for (let at = 0; at < batch.header.byteLength; at++) {
        const { findings } = await verifyLedger(partsOver(flipped(log, sequence - 1, 'header', at), digests));
        expect(findings[0]).toMatchObject({ part: 'log', sequence, record: undefined });
      }
    },
  );
});

describe('an attacker who knows the format', () => {
  /** Seals all batches anew, so that the chain of hashes is whole again. */
  function resealed(log: readonly LogBatch[]): LogBatch[] {
    let previousHash: Uint8Array = new Uint8Array(32);
    return log.map((batch) => {
      const { sequence, epoch, timeMs, position, count, records } = batch;
      const header = sealBatch(
        { partition: 0, epoch, sequence, timeMs, position, count, previousHash },
        records,
      );
      previousHash = batchHash(header);
      return { ...batch, header };
    });
  }

  it('who seals the log anew after a change of result is found by replay', async () => {
    const forged = resealed(flipped(sampleLog(), 1, 'records', RECORD_BYTES + 124));
    const { findings } = await verifyLedger(partsOver(forged));
    expect(findings[0]).toMatchObject({ part: 'log', sequence: 2, record: 1 });
  });

  it('who makes a believable new history is found by a batch noted elsewhere', async () => {
    const log = sampleLog();
    // The amount of the first transfer: 5 becomes 4, and every result still fits.
    const forged = resealed(flipped(log, 1, 'records', 64));
    const trusted = [{ sequence: 3, hash: batchHash(log[2]!.header) }];
    expect((await verifyLedger({ ...partsOver(forged), trusted })).findings).not.toEqual([]);
    expect((await verifyLedger({ ...partsOver(log), trusted })).findings).toEqual([]);
  });

  it('who alters record and digest together is still found, at the batch', async () => {
    const log = flipped(sampleLog(), 1, 'records', 2 * RECORD_BYTES + 96);
    const { findings } = await verifyLedger(partsOver(log, digestsOf(log)));
    expect(findings[0]).toMatchObject({ part: 'log', sequence: 2, reason: 'its hash is wrong' });
  });

  it.each([
    ['the first batch', [2, 3], 1],
    ['a batch in the middle', [1, 3], 2],
    ['the last batch', [1, 2], 3],
  ])('who removes %s is found', async (_name, left, missing) => {
    const log = sampleLog();
    const digests = digestsOf(log);
    const kept = log.filter(({ sequence }) => left.includes(sequence));
    const { findings } = await verifyLedger(partsOver(kept, digests));
    expect(findings[0]).toMatchObject({ part: 'log', sequence: missing });
  });

  it('who touches only the columns beside the header is found', async () => {
    const log = sampleLog();
    for (const change of [{ epoch: 2 }, { timeMs: 5 }, { position: 9 }]) {
      const altered = log.map((batch) => (batch.sequence === 2 ? { ...batch, ...change } : batch));
      const { findings } = await verifyLedger(partsOver(altered));
      expect(findings[0]).toMatchObject({ sequence: 2, reason: 'its columns differ from its header' });
    }
  });

  it('who alters a digest alone is told apart from one who alters the log', async () => {
    const log = sampleLog();
    const digests = digestsOf(log);
    digests.get(2)![16 + 3]! ^= 1;
    const { findings } = await verifyLedger(partsOver(log, digests));
    expect(findings).toMatchObject([{ part: 'index', sequence: 2, record: 0 }]);
  });
});
