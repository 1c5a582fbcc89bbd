import type { ByteReader } from '../transactions/byte-reader.ts';
import type { ByteWriter } from '../transactions/byte-writer.ts';
import { bytesToHex } from '@noble/hashes/utils.js';
import { compareBytes } from '../transactions/byte-order.ts';
import { BitcoinError } from '../errors.ts';

/** @throws BitcoinError `psbt_malformed`, always. */
export function malformedPsbt(reason: string): never {
  throw new BitcoinError('psbt_malformed', `This is not a valid PSBT: ${reason}.`, { details: { reason } });
}

/** How many more entries a PSBT may hold: a bound on the memory that reading takes. */
export interface EntryBudget {
  left: number;
}

export interface PsbtEntry {
  /** The key type and, for most types, key data after it. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * One key-value map of a PSBT. It keeps every entry, known or not, byte for byte and in the order read; a new
 * entry takes the place that the order of keys gives it. Source: BIP174.
 */
export class PsbtMap {
  readonly #entries: PsbtEntry[] = [];
  readonly #byKey = new Map<string, PsbtEntry>();

  /** @throws BitcoinError `psbt_duplicate_key`, `psbt_malformed` when the budget is spent. */
  static read(reader: ByteReader, budget: EntryBudget): PsbtMap {
    const map = new PsbtMap();
    for (let length = reader.compactSize(); length !== 0; length = reader.compactSize()) {
      if (--budget.left < 0) malformedPsbt('it has too many entries');
      const key = reader.bytes(length);
      const entry = { key, value: reader.prefixed() };
      const name = bytesToHex(key);
      if (map.#byKey.has(name)) {
        throw new BitcoinError('psbt_duplicate_key', 'The PSBT holds the same key twice.', {
          details: { key: name.slice(0, 80) },
        });
      }
      map.#byKey.set(name, entry);
      map.#entries.push(entry);
    }
    return map;
  }

  write(writer: ByteWriter): void {
    for (const { key, value } of this.#entries) writer.prefixed(key).prefixed(value);
    writer.uint8(0);
  }

  get entries(): readonly PsbtEntry[] {
    return this.#entries;
  }

  /** The value of a type that has no key data. */
  get(type: number): Uint8Array | undefined {
    return this.#byKey.get(bytesToHex(Uint8Array.of(type)))?.value;
  }

  /** All entries of a type, with the key data behind the type. */
  ofType(type: number): readonly { readonly keyData: Uint8Array; readonly value: Uint8Array }[] {
    return this.#entries
      .filter(({ key }) => key[0] === type)
      .map(({ key, value }) => ({ keyData: key.subarray(1), value }));
  }

  find(key: Uint8Array): Uint8Array | undefined {
    return this.#byKey.get(bytesToHex(key))?.value;
  }

  set(key: Uint8Array, value: Uint8Array): void {
    const name = bytesToHex(key);
    const entry = { key, value };
    const known = this.#byKey.get(name);
    this.#byKey.set(name, entry);
    if (known !== undefined) {
      this.#entries[this.#entries.indexOf(known)] = entry;
      return;
    }
    const after = this.#entries.findIndex((other) => compareBytes(other.key, key) > 0);
    this.#entries.splice(after < 0 ? this.#entries.length : after, 0, entry);
  }

  setType(type: number, value: Uint8Array): void {
    this.set(Uint8Array.of(type), value);
  }

  /** A copy with the entries that `keep` accepts. */
  filter(keep: (entry: PsbtEntry) => boolean): PsbtMap {
    const copy = new PsbtMap();
    for (const entry of this.#entries) {
      if (!keep(entry)) continue;
      copy.#entries.push(entry);
      copy.#byKey.set(bytesToHex(entry.key), entry);
    }
    return copy;
  }

  clone(): PsbtMap {
    return this.filter(() => true);
  }
}

export function psbtKey(type: number, keyData: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + keyData.length);
  key[0] = type;
  key.set(keyData, 1);
  return key;
}
