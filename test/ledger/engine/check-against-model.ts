// Runs one random history through engine and model side by side and compares everything that can be seen.
import { expect } from 'vitest';
import { Engine } from '../../../src/ledger/engine/index.ts';
import { GENESIS_HASH, RESULT, resultName, sealBatch } from '../../../src/ledger/format/index.ts';
import {
  readRawBatch,
  readRawCheckpoint,
  writeRawRecord,
  type RawRecord,
} from '../format/independent-reader.ts';
import { START_MS } from './ids.ts';
import { ACCOUNT, FLAG, KIND, Model, type ModelAnswer } from './model.ts';
import { funding, idSource, PREAMBLE, type RandomBatch } from './random-batches.ts';

const OUTCOMES = ['none', 'applied', 'rejected', 'repeated', 'refused'];

interface Logged {
  readonly bytes: Uint8Array;
  readonly timeMs: number;
}

function toBytes(records: readonly RawRecord[]): Uint8Array {
  const bytes = new Uint8Array(records.length * 128);
  records.forEach((record, index) => writeRawRecord(record, bytes, index * 128));
  return bytes;
}

/** The record that the log must hold for this request and this answer. */
function expectedRecord(asked: RawRecord, answer: ModelAnswer, model: Model): RawRecord {
  const outcome = OUTCOMES.indexOf(answer.outcome);
  const record = { ...asked, amount: answer.amount, outcome, result: RESULT[answer.result] };
  if (answer.outcome !== 'applied') return record;
  const isResolution = asked.kind === KIND.transfer && (asked.flags & (FLAG.post | FLAG.void)) !== 0;
  if ((asked.flags & (FLAG.balancingDebit | FLAG.balancingCredit)) !== 0)
    record.pendingId = byteSwap(asked.amount);
  if (isResolution || asked.kind === KIND.expiry) {
    const hold = model.state.holds.get(asked.pendingId)!;
    const { asset } = model.state.accounts.get(hold.debit)!;
    Object.assign(record, { debit: hold.debit, credit: hold.credit, code: hold.code, asset });
    if ((asked.flags & FLAG.post) !== 0 && hold.amount === answer.amount) record.outcome |= 128;
  }
  return record;
}

/** An amount where the reader expects an id. */
function byteSwap(amount: bigint): bigint {
  return BigInt(`0x${amount.toString(16).padStart(32, '0').match(/../g)!.reverse().join('')}`);
}

class SideBySide {
  readonly engine = new Engine({ idsPerGeneration: 0, accounts: 2, holds: 2 });
  readonly model = new Model();
  readonly log: Logged[] = [];
  readonly asked: RawRecord[] = [];
  timeMs = START_MS;
  previousHash: Uint8Array = GENESIS_HASH;
  position = 0;

  apply(records: readonly RawRecord[]): void {
    const bytes = toBytes(records);
    this.engine.apply(bytes, this.timeMs);
    const answers = this.model.apply(records, this.timeMs);
    const header = {
      partition: 3,
      epoch: 2,
      sequence: this.log.length + 1,
      timeMs: this.timeMs,
      position: this.position,
      count: records.length,
      previousHash: this.previousHash,
    };
    const sealed = sealBatch(header, bytes);
    const expected = records.map((record, index) => expectedRecord(record, answers[index]!, this.model));
    if (Buffer.compare(bytes, toBytes(expected)) !== 0) {
      const read = readRawBatch(Buffer.concat([sealed, bytes])).records;
      const named = (all: RawRecord[]): unknown => all.map((record) => [resultName(record.result), record]);
      expect(named(read)).toEqual(named(expected));
    }
    this.previousHash = sealed.slice(96);
    this.position += records.length;
    this.asked.push(...records);
    this.log.push({ bytes, timeMs: this.timeMs });
  }

  /** Expiry records for what is due, after checking that the engine names the same holds as the model. */
  dueRecords(): RawRecord[] {
    const due = [...this.model.state.holds]
      .filter(([, hold]) => hold.state === 'pending' && hold.expiresAtMs <= this.timeMs)
      .sort(([, a], [, b]) => a.expiresAtMs - b.expiresAtMs)
      .map(([id]) => id);
    const bytes = new Uint8Array(128 * (due.length + 1));
    const count = this.engine.dueExpiries(this.timeMs, bytes, 0, due.length + 1);
    const records = due.map((id) => ({ ...emptyExpiry, pendingId: id }));
    expect(count).toBe(due.length);
    expect(Buffer.compare(bytes.subarray(0, due.length * 128), toBytes(records))).toBe(0);
    return records;
  }

  checkState(): void {
    const checkpoint = readRawCheckpoint(
      this.engine.snapshot({ partition: 3, epoch: 2, batchHash: this.previousHash }),
    );
    const { accounts, holds } = this.model.state;
    expect(checkpoint.accounts.map(({ id }) => id)).toEqual([...accounts.keys()]);
    const sums = new Map<number, bigint>();
    for (const account of checkpoint.accounts) {
      const { userData, ...expected } = accounts.get(account.id)!;
      expect(account).toMatchObject({ ...expected, userData128: userData[0], userData64: userData[1] });
      const balance = account.creditsPosted - account.debitsPosted;
      sums.set(account.asset, (sums.get(account.asset) ?? 0n) + balance);
      if ((account.flags & ACCOUNT.debitLimit) !== 0)
        expect(balance - account.debitsPending >= 0n).toBe(true);
      if ((account.flags & ACCOUNT.creditLimit) !== 0)
        expect(-balance - account.creditsPending >= 0n).toBe(true);
    }
    for (const sum of sums.values()) expect(sum).toBe(0n);
    const states = ['', 'pending', 'posted', 'voided', 'expired'];
    expect(new Map(checkpoint.holds.map((hold) => [hold.id, [states[hold.state], hold.amount]]))).toEqual(
      new Map([...holds].map(([id, hold]) => [id, [hold.state, hold.amount]])),
    );
    const open = [...holds.values()].filter(({ state }) => state === 'pending');
    expect(this.engine.openHoldCount).toBe(open.length);
    const next = Math.min(...open.map(({ expiresAtMs }) => expiresAtMs));
    expect(this.engine.nextExpiryMs).toBe(next === Infinity ? undefined : next);
  }

  /** Replay from nothing, and from a checkpoint after `cut` batches, come to the same state. */
  checkReplay(cut: number): void {
    const place = { partition: 3, epoch: 2, batchHash: this.previousHash };
    const again = new Engine({ hashSeed: 0xdecade, idsPerGeneration: 0 });
    const upTo = Math.min(cut, this.log.length);
    this.log.slice(0, upTo).forEach(({ bytes, timeMs }) => again.replay(bytes, timeMs));
    const { engine: restored } = Engine.restore(again.snapshot(place), { hashSeed: 1, idsPerGeneration: 0 });
    for (let sequence = 1; upTo > 0 && sequence <= upTo; sequence++) {
      expect(restored.remember(this.log[sequence - 1]!.bytes, sequence)).toBe(sequence < upTo);
    }
    const { engine: cold } = Engine.restore(again.snapshot(place), { idsPerGeneration: 0 });
    for (const { bytes, timeMs } of this.log.slice(upTo)) {
      again.replay(bytes, timeMs);
      restored.replay(bytes, timeMs);
      cold.replay(bytes, timeMs);
    }
    const expected = this.engine.snapshot(place);
    expect(Buffer.compare(again.snapshot(place), expected)).toBe(0);
    expect(Buffer.compare(restored.snapshot(place), expected)).toBe(0);
    expect(Buffer.compare(cold.stateHash(), this.engine.stateHash())).toBe(0);
  }
}

const emptyExpiry: RawRecord = {
  id: 0n,
  pendingId: 0n,
  debit: 0n,
  credit: 0n,
  amount: 0n,
  userData128: 0n,
  userData64: 0n,
  userData32: 0,
  timeout: 0,
  asset: 0,
  code: 0,
  flags: 0,
  kind: KIND.expiry,
  marks: 2,
  outcome: 0,
  result: 0,
};

export function checkAgainstModel(batches: readonly RandomBatch[], fund: bigint, cut: number): void {
  const both = new SideBySide();
  const nextId = idSource(() => both.timeMs);
  both.apply([...PREAMBLE, ...funding(() => nextId(0), fund)]);
  for (const batch of batches) {
    both.timeMs += batch.advanceMs;
    const records = batch.expires ? both.dueRecords() : [];
    for (const step of batch.steps) {
      const all = [...both.asked, ...records];
      const pending = all.filter(
        (record) => record.kind === KIND.transfer && (record.flags & FLAG.pending) !== 0,
      );
      records.push(step({ timeMs: both.timeMs, all, pending, nextId }));
    }
    both.apply(records);
  }
  both.checkState();
  both.checkReplay(cut);
}
