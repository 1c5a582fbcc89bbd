import { Engine, LedgerEngineError, type EngineOptions } from '../engine/index.ts';
import { LedgerError } from '../errors.ts';
import { batchHash, LedgerFormatError } from '../format/index.ts';
import { checkBatch, type LogPlace } from '../recovery/check-batch.ts';
import { Replica } from '../recovery/replica.ts';
import type { CheckpointStore } from '../store/checkpoint-store.ts';
import type { HistoryIndex } from '../store/history-index.ts';
import type { LogBatch, LogStore } from '../store/log-store.ts';
import { DIGEST_BYTES, digestBatch } from './record-digests.ts';

/** A batch that somebody noted down elsewhere (a published checkpoint): the log must still contain it. */
export interface TrustedBatch {
  readonly sequence: number;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

export interface VerifyOptions {
  readonly store: Pick<LogStore, 'readBatches'>;
  readonly checkpoints: Pick<CheckpointStore, 'listCheckpoints' | 'readCheckpoint'>;
  readonly index: Pick<HistoryIndex, 'position' | 'digests'>;
  readonly partition: number;
  readonly engineOptions?: EngineOptions;
  readonly trusted?: readonly TrustedBatch[];
}

export interface LedgerFinding {
  /** `log`: the books are not what they were. `checkpoint`, `index`: something derived from them is not. */
  readonly part: 'log' | 'checkpoint' | 'index';
  readonly sequence: number;
  /** 0-based within the batch; undefined when no single record can be named. */
  readonly record: number | undefined;
  readonly reason: string;
}

export interface VerifyReport {
  readonly batches: number;
  readonly records: number;
  /** The end of the verified log. */
  readonly sequence: number;
  readonly hash: Uint8Array;
  /** Empty: every byte is as it was written. */
  readonly findings: readonly LedgerFinding[];
}

const BATCHES_AT_ONCE = 32;

/**
 * Reads the whole log and replays it. Three things must agree: the chain of hashes (any altered byte breaks it
 * at its batch), the results (a record that an honest engine would have answered otherwise), and the digests
 * that the follower keeps of each record (which name the record inside a batch whose hash is wrong). Where the
 * digests are missing or were altered too, the batch is still named, and the record if its replay differs. The
 * digests, the checkpoints and what was noted elsewhere (`trusted`) are compared as well. Replay stops at the
 * first broken batch, since what follows rests on it; its chain is still checked to the end.
 */
export async function verifyLedger(options: VerifyOptions): Promise<VerifyReport> {
  const verification = new Verification(options);
  await verification.begin();
  for (let after = 0; ;) {
    const batches = await options.store.readBatches(after, BATCHES_AT_ONCE);
    for (const batch of batches) await verification.take(batch);
    const last = batches.at(-1);
    if (last === undefined) return await verification.finish();
    after = last.sequence;
  }
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #replica: Replica;
  readonly #findings: LedgerFinding[] = [];
  readonly #states = new Map<number, Uint8Array>();
  #wantedStates: ReadonlySet<number> = new Set();
  #indexed = 0;
  #batches = 0;
  #records = 0;
  /** The end of the log as its headers tell it, whether or not they can be believed. */
  #place: LogPlace;
  #isBroken = false;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#replica = Replica.empty(options.partition, options.engineOptions ?? {});
    this.#place = this.#replica.place;
  }

  /** What is derived from the log may run ahead while we read, so it is asked for its extent before. */
  async begin(): Promise<void> {
    const { checkpoints, index } = this.#options;
    this.#wantedStates = new Set((await checkpoints.listCheckpoints()).map(({ sequence }) => sequence));
    this.#indexed = await index.position();
  }

  async take(batch: LogBatch): Promise<void> {
    const { index } = this.#options;
    this.#batches++;
    this.#records += batch.count;
    const digests = await index.digests(batch.sequence);
    const altered = digests === undefined ? undefined : firstAltered(batch, digests);
    if (this.#isBroken) this.#checkChain(batch, altered);
    else this.#replay(batch, altered);
    if (digests === undefined && batch.sequence <= this.#indexed) {
      this.#find('index', batch.sequence, undefined, 'its digests are missing');
    }
    this.#place = placeAfter(batch);
    this.#checkTrusted(batch);
    if (!this.#isBroken && this.#wantedStates.has(batch.sequence)) {
      this.#states.set(batch.sequence, this.#replica.engine.stateHash());
    }
  }

  async finish(): Promise<VerifyReport> {
    await this.#checkCheckpoints();
    const { sequence, hash } = this.#place;
    const noted = [...(this.#options.trusted ?? []).map((batch) => batch.sequence), ...this.#wantedStates];
    const furthest = Math.max(this.#indexed, ...noted);
    if (furthest > sequence)
      this.#find('log', sequence + 1, undefined, `it is missing, as is all up to ${furthest}`);
    return { batches: this.#batches, records: this.#records, sequence, hash, findings: this.#findings };
  }

  #find(part: LedgerFinding['part'], sequence: number, record: number | undefined, reason: string): void {
    this.#findings.push({ part, sequence, record, reason });
  }

  #replay(batch: LogBatch, altered: number | 'header' | undefined): void {
    try {
      this.#replica.apply(batch);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#isBroken = true;
      const { sequence, reason, record } = error.details;
      const replayed = typeof record === 'number' ? record : this.#firstReplayDifference(batch);
      const named = typeof altered === 'number' ? altered : altered === undefined ? replayed : undefined;
      this.#find('log', Number(sequence), named, String(reason));
      return;
    }
    if (altered !== undefined) {
      const record = altered === 'header' ? undefined : altered;
      this.#find('index', batch.sequence, record, 'a digest differs from a record whose batch is intact');
    }
  }

  /** In a batch whose hash is wrong and that has no digests, the results may still tell which record it was. */
  #firstReplayDifference(batch: LogBatch): number | undefined {
    try {
      this.#replica.engine.replay(batch.records, batch.timeMs);
    } catch (error) {
      const record = error instanceof LedgerEngineError ? error.details['record'] : undefined;
      return typeof record === 'number' ? record : undefined;
    }
    return undefined;
  }

  /** After a broken batch: whether each of the rest is whole and continues the one before. */
  #checkChain(batch: LogBatch, altered: number | 'header' | undefined): void {
    try {
      checkBatch(batch, this.#options.partition, this.#place);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      const { sequence, reason } = error.details;
      this.#find('log', Number(sequence), typeof altered === 'number' ? altered : undefined, String(reason));
    }
  }

  #checkTrusted(batch: LogBatch): void {
    for (const { sequence, hash } of this.#options.trusted ?? []) {
      if (sequence === batch.sequence && Buffer.compare(hash, batchHash(batch.header)) !== 0) {
        this.#find('log', sequence, undefined, 'it is not the batch that was noted elsewhere');
      }
    }
  }

  async #checkCheckpoints(): Promise<void> {
    const { checkpoints, engineOptions } = this.#options;
    for (const { sequence } of await checkpoints.listCheckpoints()) {
      try {
        const { engine, header } = Engine.restore(await checkpoints.readCheckpoint(sequence), engineOptions);
        const state = this.#states.get(sequence);
        if (header.sequence !== sequence)
          this.#find('checkpoint', sequence, undefined, 'it is of another batch');
        else if (state === undefined) continue;
        else if (Buffer.compare(engine.stateHash(), state) !== 0) {
          this.#find('checkpoint', sequence, undefined, 'its books are not those of the log');
        }
      } catch (error) {
        if (!(error instanceof LedgerFormatError) && !(error instanceof LedgerEngineError)) throw error;
        this.#find('checkpoint', sequence, undefined, error.message);
      }
    }
  }
}

function placeAfter(batch: LogBatch): LogPlace {
  const { sequence, epoch, timeMs, position, count, header } = batch;
  return { sequence, epoch, timeMs, position: position + count, hash: batchHash(header) };
}

/** The first part of a batch whose digest differs; undefined when all are as they were. */
function firstAltered(batch: LogBatch, digests: Uint8Array): number | 'header' | undefined {
  const now = digestBatch(batch.header, batch.records);
  if (digests.byteLength !== now.byteLength) return 'header';
  for (let at = 0; at < now.byteLength; at++) {
    if (now[at] === digests[at]) continue;
    const item = Math.floor(at / DIGEST_BYTES);
    return item === 0 ? firstAlteredRecord(now, digests) : item - 1;
  }
  return undefined;
}

/** The header differs; if a record does too, that is the place to name. */
function firstAlteredRecord(now: Uint8Array, digests: Uint8Array): number | 'header' {
  for (let at = DIGEST_BYTES; at < now.byteLength; at++) {
    if (now[at] !== digests[at]) return Math.floor(at / DIGEST_BYTES) - 1;
  }
  return 'header';
}
