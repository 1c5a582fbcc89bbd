import { createHmac, randomBytes } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AES_KEY_BYTES, openAes, sealAes } from './aes-gcm.ts';
import { eraseFile, fileRefusal, readRegularFile, writeNewFile } from './durable-file.ts';
import { KeyringError } from './errors.ts';

/**
 * Where a running signer keeps its platform keys: one slot for each, which can be erased for good. A directory
 * today ({@link openFileSlots}), a hardware module some day.
 */
export interface SealedSlots {
  /** Keeps a copy of `secret`; the caller zeroes its own. @throws KeyringError `slot_taken`, `slot_name_invalid`. */
  put(id: string, secret: Buffer): Promise<void>;
  /**
   * Gives the secret to `work` and zeroes it after, whatever `work` does.
   * @throws KeyringError `slot_missing` (also after `erase`), `slot_damaged`, `slot_name_invalid`.
   */
  use<T>(id: string, work: (secret: Buffer) => T | Promise<T>): Promise<T>;
  /** Erases a slot for good; one that is not there is fine. */
  erase(id: string): Promise<void>;
  has(id: string): Promise<boolean>;
}

const MAGIC = Buffer.from('TLSL\x02', 'latin1');
const MAX_SLOT_BYTES = 4_096;

function pathOf(directory: string, id: string): string {
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(id)) {
    throw new KeyringError('slot_name_invalid', 'A slot is named by lower-case letters, digits, _ and -.');
  }
  return join(directory, `${id}.slot`);
}

function associated(id: string): Buffer {
  return Buffer.concat([MAGIC, Buffer.from(id)]);
}

function damagedSlot(id: string): KeyringError {
  return new KeyringError('slot_damaged', 'The slot is damaged, or sealed for another slot or key.', {
    details: { slot: id },
  });
}

function sameWith(code: 'file_missing' | 'file_exists', thrown: unknown): boolean {
  return thrown instanceof KeyringError && thrown.code === code;
}

class FileSlots implements SealedSlots {
  readonly #directory: string;
  readonly #keys: string;
  readonly #key: Buffer;

  constructor(directory: string, keys: string, key: Buffer) {
    this.#directory = directory;
    this.#keys = keys;
    this.#key = key;
  }

  /** The key of one slot, from the key of all and from its own part, which is erased with it. */
  async #keyOf(id: string, isNew: boolean): Promise<Buffer | undefined> {
    const path = `${join(this.#keys, id)}.key`;
    const fresh = randomBytes(AES_KEY_BYTES);
    if (isNew) {
      // A part that a crash left without its slot serves as well.
      await writeNewFile(path, fresh).catch((thrown: unknown) => {
        if (!sameWith('file_exists', thrown)) throw thrown;
      });
    }
    const part = await readRegularFile(path, { maxBytes: AES_KEY_BYTES, ownerOnly: true }).catch(
      (thrown: unknown) => {
        if (!sameWith('file_missing', thrown)) throw thrown;
        return undefined;
      },
    );
    fresh.fill(0);
    if (part?.length !== AES_KEY_BYTES) return undefined;
    const key = createHmac('sha256', this.#key).update(MAGIC).update(part).digest();
    part.fill(0);
    return key;
  }

  async put(id: string, secret: Buffer): Promise<void> {
    const path = pathOf(this.#directory, id);
    const key = await this.#keyOf(id, true);
    if (key === undefined) throw damagedSlot(id);
    try {
      await writeNewFile(path, Buffer.concat([MAGIC, sealAes(key, secret, associated(id))]));
    } catch (thrown) {
      if (!sameWith('file_exists', thrown)) throw thrown;
      throw new KeyringError('slot_taken', 'The slot holds a key already.', { details: { slot: id } });
    } finally {
      key.fill(0);
    }
  }

  async use<T>(id: string, work: (secret: Buffer) => T | Promise<T>): Promise<T> {
    const secret = await this.#open(id);
    try {
      return await work(secret);
    } finally {
      secret.fill(0);
    }
  }

  async #open(id: string): Promise<Buffer> {
    const path = pathOf(this.#directory, id);
    const bytes = await readRegularFile(path, { maxBytes: MAX_SLOT_BYTES }).catch((thrown: unknown) => {
      if (!sameWith('file_missing', thrown)) throw thrown;
      throw new KeyringError('slot_missing', 'There is no key in this slot.', { details: { slot: id } });
    });
    const head = bytes.subarray(0, MAGIC.length);
    const key = await this.#keyOf(id, false);
    const secret =
      head.equals(MAGIC) && key !== undefined
        ? openAes(key, bytes.subarray(MAGIC.length), associated(id))
        : undefined;
    key?.fill(0);
    if (secret === undefined) throw damagedSlot(id);
    return secret;
  }

  /** Its own part of the key first: a copy of the slot that somebody kept is worth nothing from then on. */
  async erase(id: string): Promise<void> {
    const path = pathOf(this.#directory, id);
    await eraseFile(`${join(this.#keys, id)}.key`);
    await eraseFile(path);
  }

  async has(id: string): Promise<boolean> {
    const path = pathOf(this.#directory, id);
    try {
      await lstat(path);
      return true;
    } catch (thrown) {
      // A directory that cannot be looked into is not an empty one.
      const refusal = fileRefusal(path, thrown);
      if (refusal.code === 'file_missing') return false;
      throw refusal;
    }
  }
}

/**
 * Makes the file with the key that seals slots: 32 random bytes, readable by its owner alone. It belongs on another
 * volume than the slots, and in no backup. @throws KeyringError `file_exists`, `file_missing`, `file_inaccessible`.
 */
export async function createSlotKey(path: string): Promise<void> {
  const key = randomBytes(AES_KEY_BYTES);
  try {
    await writeNewFile(path, key);
  } finally {
    key.fill(0);
  }
}

/**
 * Slots as files of one directory, sealed by AES-256-GCM, each bound to its own name and under a key of its own: made
 * of the key in `keyFile` and of a part that lies beside that, in `<keyFile>.parts`, and is erased with the slot.
 * @throws KeyringError `slot_key_malformed`, `file_too_open`, and those of `readRegularFile`.
 */
export async function openFileSlots(directory: string, keyFile: string): Promise<SealedSlots> {
  const key = await readRegularFile(keyFile, { maxBytes: AES_KEY_BYTES, ownerOnly: true });
  if (key.length !== AES_KEY_BYTES) {
    throw new KeyringError('slot_key_malformed', `${keyFile}: The key of the slots has 32 bytes.`);
  }
  const keys = `${keyFile}.parts`;
  await mkdir(keys, { recursive: true, mode: 0o700 });
  return new FileSlots(directory, keys, key);
}
