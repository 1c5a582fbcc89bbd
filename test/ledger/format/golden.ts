// The books of the golden vectors: one of everything that the format can say.
import { Engine } from '../../../src/ledger/engine/index.ts';
import {
  AMOUNT_ALL,
  encodeClock,
  encodeCommands,
  encodeFrame,
  encodeIds,
  encodeResults,
  GENESIS_HASH,
  markRequest,
  sealBatch,
  type LedgerCommand,
} from '../../../src/ledger/format/index.ts';
import { idAt, START_MS } from '../engine/ids.ts';

const cash = 0x0001n;
const alice = 0xa11cen;
const bob = 0xb0bn;
const between = { debitAccountId: alice, creditAccountId: bob, asset: 1, code: 2 } as const;
const userData = { userData128: 2n ** 128n - 2n, userData64: 0x0102030405060708n, userData32: 0x090a0b0c };

const requests: readonly (readonly LedgerCommand[])[] = [
  [
    { kind: 'account', id: cash, asset: 1, code: 10, accountFlags: { creditsMustNotExceedDebits: true } },
    {
      kind: 'account',
      id: alice,
      asset: 1,
      code: 20,
      accountFlags: { debitsMustNotExceedCredits: true },
      ...userData,
    },
    { kind: 'account', id: bob, asset: 1, code: 20, accountFlags: { debitsMustNotExceedCredits: true } },
    {
      ...{ kind: 'transfer', id: idAt(1), debitAccountId: cash, creditAccountId: alice },
      ...{ amount: 2n ** 64n + 5n, asset: 1, code: 1, ...userData },
    },
    {
      kind: 'transfer',
      id: idAt(2),
      ...between,
      amount: 1000n,
      flags: { pending: true },
      timeoutSeconds: 60,
    },
    { kind: 'transfer', id: idAt(3), ...between, amount: 500n, flags: { pending: true } },
    { kind: 'transfer', id: idAt(4), ...between, amount: 1n, flags: { pending: true }, timeoutSeconds: 1 },
  ],
  [
    { kind: 'transfer', id: idAt(5), pendingId: idAt(2), amount: 400n, flags: { post: true } },
    { kind: 'transfer', id: idAt(6), pendingId: idAt(3), amount: AMOUNT_ALL, flags: { post: true } },
    { kind: 'transfer', id: idAt(7), ...between, amount: AMOUNT_ALL, flags: { balancingDebit: true } },
    {
      ...{ kind: 'transfer', id: idAt(8), debitAccountId: bob, creditAccountId: alice, asset: 1, code: 2 },
      ...{ amount: 7n, flags: { linked: true } },
    },
    { kind: 'accountFlags', id: idAt(9), accountId: alice, set: { frozen: true }, code: 3 },
    { kind: 'transfer', id: idAt(5), pendingId: idAt(2), amount: 401n, flags: { post: true } },
    { kind: 'transfer', id: 0n, ...between, amount: 1n },
    {
      kind: 'accountFlags',
      id: idAt(10),
      accountId: bob,
      set: { frozen: true },
      code: 4,
      flags: { mustChange: true },
    },
    { kind: 'transfer', id: idAt(11), pendingId: idAt(4), flags: { void: true } },
  ],
];

/** Two batches, the checkpoint after them, and frames, by name. */
export function goldenFiles(): Map<string, Uint8Array> {
  const engine = new Engine();
  const files = new Map<string, Uint8Array>();
  let previousHash = GENESIS_HASH;
  let position = 0;
  requests.forEach((request, index) => {
    const timeMs = START_MS + index * 1000;
    const asked = encodeCommands(request);
    files.set(
      `frame-submit-${index + 1}`,
      encodeFrame({ ...frame, type: 'submit', request: index + 1 }, asked),
    );
    const own = new Uint8Array(128 * 2);
    encodeClock(own);
    const expiries = engine.dueExpiries(timeMs, own, 128, 1);
    markRequest(asked);
    const records = new Uint8Array(Buffer.concat([own.subarray(0, 128 * (1 + expiries)), asked]));
    engine.apply(records, timeMs);
    const count = records.length / 128;
    const place = { partition: 7, epoch: 3, sequence: index + 1, timeMs, position, previousHash };
    const header = sealBatch({ ...place, count }, records);
    files.set(`batch-${index + 1}`, Buffer.concat([header, records]));
    const results = encodeResults(records.subarray(records.length - asked.length), position + 1 + expiries);
    const answer = { ...frame, type: 'results', request: index + 1, sequence: index + 1, timeMs } as const;
    files.set(`frame-results-${index + 1}`, encodeFrame(answer, results));
    previousHash = header.slice(96);
    position += count;
  });
  files.set('checkpoint', engine.snapshot({ partition: 7, epoch: 3, batchHash: previousHash }));
  files.set(
    'frame-look-up',
    encodeFrame({ ...frame, type: 'lookUpAccounts', request: 3 }, encodeIds([alice, 99n])),
  );
  return files;
}

const frame = { partition: 7, sequence: 0, timeMs: 0 } as const;
