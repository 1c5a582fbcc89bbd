import type { CheckpointHead, CheckpointStore } from '../../../src/ledger/store/checkpoint-store.ts';
import type {
  LeaderSession,
  Lease,
  LogBatch,
  LogStore,
  LogTip,
} from '../../../src/ledger/store/log-store.ts';
import type {
  BatchIndexEntries,
  HistoryIndex,
  HistoryPage,
  PlacedRecord,
  RecordPosition,
} from '../../../src/ledger/store/history-index.ts';
import { batchHash, GENESIS_HASH } from '../../../src/ledger/format/index.ts';
import type { Host } from './world.ts';

/** How often the way to the database goes wrong, per call. */
export interface Faults {
  /** The request never arrives; the caller gets an error. */
  requestLost: number;
  /** The request takes effect, the answer never arrives. */
  answerLost: number;
  /** The caller gets an error first, the request takes effect later. */
  landsLate: number;
  /** A leader's session breaks although the leader lives. */
  sessionTorn: number;
}

export const NO_FAULTS: Faults = { requestLost: 0, answerLost: 0, landsLate: 0, sessionTorn: 0 };

const key = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** What the database holds. It never fails; the way to it does. */
export class MemoryDatabase {
  readonly batches: LogBatch[] = [];
  lease: Lease = { epoch: 0, holder: '', beat: 0 };
  readonly sessions = new Set<{ epoch: number }>();
  readonly checkpoints = new Map<number, { head: CheckpointHead; state: Uint8Array }>();
  indexed = 0;
  readonly ids = new Map<string, RecordPosition>();
  readonly accounts = new Map<string, RecordPosition[]>();
  readonly digests = new Map<number, Uint8Array>();

  append(batch: LogBatch): boolean {
    const last = this.batches.at(-1);
    if (this.lease.epoch !== batch.epoch) return false;
    if (batch.sequence !== (last?.sequence ?? 0) + 1) return false;
    if (last !== undefined && key(batchHash(last.header)) !== key(batch.header.subarray(64, 96)))
      return false;
    this.batches.push(batch);
    return true;
  }

  placed({ sequence, position }: RecordPosition): PlacedRecord {
    const batch = this.batches[sequence - 1]!;
    const at = (position - batch.position) * 128;
    return { sequence, position, timeMs: batch.timeMs, bytes: batch.records.slice(at, at + 128) };
  }

  extendIndex(after: number, batches: readonly BatchIndexEntries[]): boolean {
    const last = batches.at(-1);
    if (last === undefined) return true;
    if (this.indexed !== after) return false;
    this.indexed = last.sequence;
    for (const batch of batches) {
      this.digests.set(batch.sequence, batch.digests);
      const { sequence } = batch;
      batch.idPositions.forEach((position, n) => {
        const id = key(batch.ids.subarray(n * 16, n * 16 + 16));
        if (this.ids.has(id)) throw new Error('duplicate key in the index of ids');
        this.ids.set(id, { sequence, position });
      });
      batch.accountPositions.forEach((position, n) => {
        const account = key(batch.accounts.subarray(n * 16, n * 16 + 16));
        const entries = this.accounts.get(account) ?? [];
        this.accounts.set(account, entries);
        entries.push({ sequence, position });
      });
    }
    return true;
  }
}

/** One process's way to the database. */
export class MemoryStore implements LogStore, CheckpointStore, HistoryIndex {
  readonly #database: MemoryDatabase;
  readonly #host: Host;
  readonly faults: Faults;

  constructor(database: MemoryDatabase, host: Host, faults: Faults) {
    this.#database = database;
    this.#host = host;
    this.faults = faults;
  }

  #call<T>(effect: () => T): Promise<T> {
    const { world } = this.#host;
    const { random } = world;
    return new Promise<T>((resolve, reject) => {
      const dice = random.next();
      const { requestLost, answerLost, landsLate } = this.faults;
      const there = random.between(0, 3);
      const back = random.between(0, 3);
      const fail = (): void => reject(new Error('simulated: connection reset'));
      if (dice < requestLost) {
        this.#host.deliver(there, fail);
      } else if (dice < requestLost + landsLate) {
        this.#host.deliver(there, fail);
        world.after(there + random.between(0, 400), () => {
          try {
            effect();
          } catch {
            // Nobody is there to be told.
          }
        });
      } else {
        const lost = dice < requestLost + landsLate + answerLost;
        // The database carries on with what it was sent even if the sender dies.
        world.after(there, () => {
          let answer: () => void;
          try {
            const result = effect();
            answer = (): void => resolve(result);
          } catch (error) {
            answer = (): void => reject(error instanceof Error ? error : new Error(String(error)));
          }
          this.#host.deliver(back, lost ? fail : answer);
        });
      }
    });
  }

  assertDurable(): Promise<void> {
    return this.#call(() => undefined);
  }

  preparePartitions(): Promise<void> {
    return Promise.resolve();
  }

  append(batch: LogBatch): Promise<boolean> {
    const sent = { ...batch, header: batch.header.slice(), records: batch.records.slice() };
    return this.#call(() => this.#database.append(sent));
  }

  readBatches(after: number, limit: number): Promise<readonly LogBatch[]> {
    return this.#call(() => this.#database.batches.slice(after, after + limit));
  }

  readTip(): Promise<LogTip> {
    return this.#call(() => {
      const last = this.#database.batches.at(-1);
      return last === undefined
        ? { sequence: 0, hash: GENESIS_HASH }
        : { sequence: last.sequence, hash: batchHash(last.header) };
    });
  }

  readHash(sequence: number): Promise<Uint8Array | undefined> {
    return this.#call(() => {
      const batch = this.#database.batches[sequence - 1];
      return batch === undefined ? undefined : batchHash(batch.header);
    });
  }

  readLease(): Promise<Lease> {
    return this.#call(() => this.#database.lease);
  }

  beat(epoch: number): Promise<boolean> {
    return this.#call(() => {
      const { lease } = this.#database;
      if (lease.epoch !== epoch) return false;
      this.#database.lease = { ...lease, beat: lease.beat + 1 };
      return true;
    });
  }

  openSession(onLost: () => void): Promise<LeaderSession> {
    const database = this.#database;
    const host = this.#host;
    const call = <T>(effect: () => T): Promise<T> => this.#call(effect);
    return this.#call(() => {
      const lock = { epoch: -1 };
      const end = (): void => void database.sessions.delete(lock);
      // The server notices a dead peer only after a while.
      host.onCrash(() => host.world.after(host.world.random.between(0, 300), end));
      if (host.world.random.chance(this.faults.sessionTorn)) {
        host.world.after(host.world.random.between(100, 3_000), () => {
          end();
          host.deliver(5, onLost);
        });
      }
      database.sessions.add(lock);
      return {
        leaderSessionExists: (epoch: number) => call(() => held(database, epoch)),
        takeOver: (observedEpoch: number, holder: string) =>
          call(() => {
            if (!database.sessions.has(lock)) throw new Error('simulated: session gone');
            if (held(database, observedEpoch + 1) || database.lease.epoch !== observedEpoch) return undefined;
            lock.epoch = observedEpoch + 1;
            database.lease = { epoch: lock.epoch, holder, beat: 0 };
            return lock.epoch;
          }),
        close: () => {
          host.world.after(1, end);
          return Promise.resolve();
        },
      };
    });
  }

  listCheckpoints(): Promise<readonly CheckpointHead[]> {
    return this.#call(() =>
      [...this.#database.checkpoints.values()]
        .map(({ head }) => head)
        .sort((a, b) => b.sequence - a.sequence),
    );
  }

  readCheckpoint(sequence: number): Promise<Uint8Array> {
    return this.#call(() => this.#database.checkpoints.get(sequence)?.state ?? new Uint8Array(0));
  }

  writeCheckpoint(head: CheckpointHead, state: Uint8Array): Promise<void> {
    const copy = state.slice();
    return this.#call(() => {
      if (!this.#database.checkpoints.has(head.sequence)) {
        this.#database.checkpoints.set(head.sequence, { head, state: copy });
      }
    });
  }

  pruneCheckpoints(keep: number): Promise<void> {
    return this.#call(() => {
      const { checkpoints } = this.#database;
      for (const sequence of [...checkpoints.keys()].sort((a, b) => b - a).slice(keep)) {
        checkpoints.delete(sequence);
      }
    });
  }

  position(): Promise<number> {
    return this.#call(() => this.#database.indexed);
  }

  extend(after: number, batches: readonly BatchIndexEntries[]): Promise<boolean> {
    return this.#call(() => this.#database.extendIndex(after, batches));
  }

  find(ids: readonly Uint8Array[]): Promise<readonly (PlacedRecord | undefined)[]> {
    return this.#call(() =>
      ids.map((id) => {
        const place = this.#database.ids.get(key(id));
        return place === undefined ? undefined : this.#database.placed(place);
      }),
    );
  }

  history(account: Uint8Array, page: HistoryPage): Promise<readonly PlacedRecord[]> {
    return this.#call(() => {
      const all = this.#database.accounts.get(key(account)) ?? [];
      const { afterPosition = page.newestFirst ? Infinity : -1, fromTimeMs, toTimeMs } = page;
      return (page.newestFirst ? [...all].reverse() : all)
        .filter(({ position }) => (page.newestFirst ? position < afterPosition : position > afterPosition))
        .map((place) => this.#database.placed(place))
        .filter(({ timeMs }) => timeMs >= fromTimeMs && (toTimeMs === 0 || timeMs <= toTimeMs))
        .slice(0, page.limit);
    });
  }

  digests(sequence: number): Promise<Uint8Array | undefined> {
    return this.#call(() => this.#database.digests.get(sequence));
  }
}

function held(database: MemoryDatabase, epoch: number): boolean {
  return [...database.sessions].some((session) => session.epoch === epoch);
}
