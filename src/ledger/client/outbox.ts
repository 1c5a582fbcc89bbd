import { RECORD_BYTES, RECORD_FLAG, RECORD_OFFSET, MAX_BATCH_RECORDS } from '../format/index.ts';

/** One call's records, waiting to be sent. */
export interface Parcel {
  readonly records: Uint8Array;
  readonly deadlineMs: number;
  /** Gets the result items of its own records, and the batch they were committed in. */
  readonly resolve: (results: Uint8Array, sequence: number, timeMs: number) => void;
  readonly reject: (error: Error) => void;
}

/** What calls wait for while others are under way: they are sent together in one request. */
export class Outbox {
  readonly #parcels: Parcel[] = [];
  #records = 0;

  get records(): number {
    return this.#records;
  }

  put(parcel: Parcel): void {
    this.#parcels.push(parcel);
    this.#records += parcel.records.byteLength / RECORD_BYTES;
  }

  /** The next parcels that fit one request of at most `room` records, in order; none when the first does not fit. */
  take(room: number): Parcel[] {
    const most = Math.min(room, MAX_BATCH_RECORDS);
    let records = 0;
    let taken = 0;
    for (const parcel of this.#parcels) {
      const count = parcel.records.byteLength / RECORD_BYTES;
      if (records + count > most) break;
      records += count;
      taken++;
      // An open chain must not run on into another call's records.
      if (endsOpen(parcel.records)) break;
    }
    this.#records -= records;
    return this.#parcels.splice(0, taken);
  }

  /** Removes and returns those whose time is up. */
  takeExpired(nowMs: number): Parcel[] {
    const expired = this.#parcels.filter((parcel) => parcel.deadlineMs <= nowMs);
    for (const parcel of expired) {
      this.#parcels.splice(this.#parcels.indexOf(parcel), 1);
      this.#records -= parcel.records.byteLength / RECORD_BYTES;
    }
    return expired;
  }
}

function endsOpen(records: Uint8Array): boolean {
  const flags = records[records.byteLength - RECORD_BYTES + RECORD_OFFSET.flags] ?? 0;
  return (flags & RECORD_FLAG.linked) !== 0;
}
