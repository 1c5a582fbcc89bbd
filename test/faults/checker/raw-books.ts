// Replays the ledger's log as docs/ledger-format.md describes it, from raw rows, with nothing of the product.
import { createHash } from 'node:crypto';
import { readRawBatch, type RawRecord } from '../../ledger/format/independent-reader.ts';

export interface RawBalance {
  debitsPosted: bigint;
  creditsPosted: bigint;
  debitsPending: bigint;
  creditsPending: bigint;
}

interface Hold {
  readonly debit: bigint;
  readonly credit: bigint;
  readonly amount: bigint;
}

const KIND = { transfer: 1, account: 2, flags: 3, expiry: 5 };
const FROZEN = 4;
const FLAG = { pending: 2, post: 4, void: 8 };
const APPLIED = 1;

/** The id of an account: SHA-256 over its names (docs/ledger.md, src/ledger/chart). */
export function bookAccount(code: number, owner: string): bigint {
  const name = ['trilock/ledger-account', code, 1, owner].join('\0');
  return BigInt(`0x${createHash('sha256').update(name).digest().subarray(0, 16).toString('hex')}`);
}

/** The books as the log alone says. @throws when a batch is not whole or does not follow the one before. */
export class RawBooks {
  readonly #balances = new Map<bigint, RawBalance>();
  readonly #holds = new Map<bigint, Hold>();
  /** Ids of transfers that were applied; each may be only once. */
  readonly #applied = new Set<bigint>();
  readonly #frozen = new Set<bigint>();
  #previousHash = '0'.repeat(64);
  #sequence = 0n;

  /** @param bytes header and records of the next batch. */
  add(bytes: Uint8Array): void {
    const batch = readRawBatch(bytes);
    if (batch.sequence !== this.#sequence + 1n || batch.previousHash !== this.#previousHash) {
      throw new Error(`batch ${batch.sequence} does not follow ${this.#sequence}`);
    }
    this.#sequence = batch.sequence;
    this.#previousHash = batch.hash;
    for (const record of batch.records) this.#apply(record);
  }

  balance(account: bigint): RawBalance {
    const zero = { debitsPosted: 0n, creditsPosted: 0n, debitsPending: 0n, creditsPending: 0n };
    return this.#balances.get(account) ?? zero;
  }

  isFrozen(account: bigint): boolean {
    return this.#frozen.has(account);
  }

  get openHolds(): readonly bigint[] {
    return [...this.#holds.keys()];
  }

  /** Debits less credits over all accounts. */
  get imbalance(): bigint {
    return [...this.#balances.values()].reduce((sum, at) => sum + at.debitsPosted - at.creditsPosted, 0n);
  }

  /** Accounts that were driven below nothing on the side that their limit protects. */
  #of(account: bigint): RawBalance {
    const balance = this.balance(account);
    this.#balances.set(account, balance);
    return balance;
  }

  #apply(record: RawRecord): void {
    if ((record.outcome & 7) !== APPLIED || record.kind === KIND.account) return;
    if (record.kind === KIND.flags) this.#changeFlags(record);
    if (record.kind === KIND.expiry) this.#release(record.pendingId);
    if (record.kind !== KIND.transfer) return;
    if (this.#applied.has(record.id))
      throw new Error(`the transfer ${record.id.toString(16)} was applied twice`);
    this.#applied.add(record.id);
    const { id, debit, credit, amount, flags, pendingId } = record;
    if ((flags & (FLAG.post | FLAG.void)) === 0 && this.#frozen.has(debit))
      throw new Error(`the transfer ${id.toString(16)} debits a frozen account`);
    if ((flags & FLAG.pending) !== 0) {
      this.#holds.set(id, { debit, credit, amount });
      this.#of(debit).debitsPending += amount;
      this.#of(credit).creditsPending += amount;
      return;
    }
    if ((flags & (FLAG.post | FLAG.void)) !== 0) this.#release(pendingId);
    if ((flags & FLAG.void) !== 0) return;
    this.#of(debit).debitsPosted += amount;
    this.#of(credit).creditsPosted += amount;
  }

  #changeFlags({ debit: account, timeout }: RawRecord): void {
    if ((timeout & FROZEN) !== 0) this.#frozen.add(account);
    if (((timeout >>> 16) & FROZEN) !== 0) this.#frozen.delete(account);
  }

  #release(id: bigint): void {
    const hold = this.#holds.get(id);
    if (hold === undefined) throw new Error(`no hold ${id.toString(16)} is open`);
    this.#holds.delete(id);
    this.#of(hold.debit).debitsPending -= hold.amount;
    this.#of(hold.credit).creditsPending -= hold.amount;
  }
}
