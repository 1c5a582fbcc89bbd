import { Engine } from '../../../src/ledger/engine/index.ts';
import {
  batchHash,
  encodeCommands,
  GENESIS_HASH,
  markRequest,
  RECORD_BYTES,
  sealBatch,
  type LedgerCommand,
} from '../../../src/ledger/format/index.ts';
import { indexEntries } from '../../../src/ledger/queries/index-entries.ts';
import type { LogBatch } from '../../../src/ledger/store/log-store.ts';
import type { VerifyOptions } from '../../../src/ledger/verify/verify-ledger.ts';

const T0 = 1_800_000_000_000;

export function sampleId(n: number): bigint {
  return (BigInt(T0) << 80n) | (7n << 76n) | (2n << 62n) | BigInt(n);
}

/** An honest log of these batches, and what the follower would keep of it. */
export function honestLog(batches: readonly (readonly LedgerCommand[])[]): LogBatch[] {
  const engine = new Engine({ idsPerGeneration: 1 });
  let previousHash = GENESIS_HASH;
  return batches.map((commands, n) => {
    const records = encodeCommands(commands);
    markRequest(records);
    const timeMs = T0 + n;
    const { position } = engine;
    engine.apply(records, timeMs);
    const count = records.byteLength / RECORD_BYTES;
    const sequence = n + 1;
    const header = sealBatch(
      { partition: 0, epoch: 1, sequence, timeMs, position, count, previousHash },
      records,
    );
    previousHash = batchHash(header);
    return { sequence, epoch: 1, count, position, timeMs, header, records };
  });
}

/** Two accounts, a few transfers of which one is refused, three batches. */
export function sampleLog(): LogBatch[] {
  const [a, b] = [sampleId(1), sampleId(2)];
  const account = { kind: 'account', asset: 1, code: 1 } as const;
  const transfer = { kind: 'transfer', asset: 1, code: 2, debitAccountId: a, creditAccountId: b } as const;
  return honestLog([
    [
      { ...account, id: a },
      { ...account, id: b, accountFlags: { debitsMustNotExceedCredits: true } },
    ],
    [
      { ...transfer, id: sampleId(3), amount: 5n, userData64: 77n },
      { ...transfer, id: sampleId(4), debitAccountId: b, creditAccountId: a, amount: 9n },
      { ...transfer, id: sampleId(5), amount: 6n },
    ],
    [{ ...transfer, id: sampleId(6), amount: 1n, flags: { pending: true } }],
  ]);
}

export function partsOver(
  log: readonly LogBatch[],
  digests: ReadonlyMap<number, Uint8Array> = new Map(),
): VerifyOptions {
  return {
    partition: 0,
    engineOptions: { idsPerGeneration: 1, accounts: 4, holds: 4 },
    store: {
      readBatches: (after, limit) =>
        Promise.resolve(log.filter(({ sequence }) => sequence > after).slice(0, limit)),
    },
    checkpoints: {
      listCheckpoints: () => Promise.resolve([]),
      readCheckpoint: () => Promise.resolve(new Uint8Array(0)),
    },
    index: {
      position: () => Promise.resolve(digests.size),
      digests: (sequence) => Promise.resolve(digests.get(sequence)),
    },
  };
}

export function digestsOf(log: readonly LogBatch[]): Map<number, Uint8Array> {
  return new Map(log.map((batch) => [batch.sequence, indexEntries(batch).digests]));
}
