import { chmod, copyFile, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSlotKey, openFileSlots, type SealedSlots } from '../../src/keyring/index.ts';
import { expectRefusal } from './refusals.ts';

let root: string;
let directory: string;
let keyFile: string;
let slots: SealedSlots;
const secret = Buffer.from('0f'.repeat(16) + 'a5'.repeat(16), 'hex');

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'trilock-slots-'));
  directory = await mkdtemp(join(root, 'slots-'));
  keyFile = join(root, 'slot.key');
  await createSlotKey(keyFile);
  slots = await openFileSlots(directory, keyFile);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('sealed slots', () => {
  it('give back what was put, and zero it after use', async () => {
    await slots.put('key-1', secret);
    let given: Buffer = Buffer.alloc(0);
    const result = await slots.use('key-1', (bytes) => {
      given = bytes;
      expect(bytes.equals(secret)).toBe(true);
      return 'done';
    });
    expect(result).toBe('done');
    expect(given.equals(Buffer.alloc(32))).toBe(true);
    expect(await slots.has('key-1')).toBe(true);
    expect(await slots.has('key-2')).toBe(false);
  });

  it('zero the secret when its use fails', async () => {
    let given: Buffer = Buffer.alloc(0);
    await expect(
      slots.use('key-1', (bytes) => {
        given = bytes;
        throw new Error('signing failed');
      }),
    ).rejects.toThrow('signing failed');
    expect(given.equals(Buffer.alloc(32))).toBe(true);
  });

  it('are taken once, and survive a restart', async () => {
    await expectRefusal('slot_taken', () => slots.put('key-1', Buffer.alloc(32, 1)));
    const again = await openFileSlots(directory, keyFile);
    await again.use('key-1', (bytes) => expect(bytes.equals(secret)).toBe(true));
  });

  it('hold no secret in the clear, nor leave one beside', async () => {
    for (const name of await readdir(directory)) {
      const bytes = await readFile(join(directory, name));
      expect(bytes.includes(secret.subarray(0, 8))).toBe(false);
      expect(name).toMatch(/^key-\d\.slot$/);
    }
  });

  it('are bound to their name and key', async () => {
    await copyFile(join(directory, 'key-1.slot'), join(directory, 'key-7.slot'));
    await expectRefusal('slot_damaged', () => slots.use('key-7', () => undefined));
    const otherKey = join(root, 'other.key');
    await createSlotKey(otherKey);
    const strange = await openFileSlots(directory, otherKey);
    await expectRefusal('slot_damaged', () => strange.use('key-1', () => undefined));
    await rm(join(directory, 'key-7.slot'));
  });

  it('refuse a flipped bit at any byte', async () => {
    const bytes = await readFile(join(directory, 'key-1.slot'));
    const path = join(directory, 'key-8.slot');
    const whole = join(directory, 'key-1.slot');
    for (let position = 0; position < bytes.length; position++) {
      const flipped = Buffer.from(bytes);
      flipped[position]! ^= 1 << (position % 8);
      await writeFile(whole, flipped);
      await expectRefusal('slot_damaged', () => slots.use('key-1', () => undefined));
    }
    await writeFile(whole, bytes);
    await writeFile(path, bytes.subarray(0, 20));
    await expectRefusal('slot_damaged', () => slots.use('key-8', () => undefined));
    await rm(path);
  });

  it('are erased for good, as often as one likes', async () => {
    await slots.put('key-2', secret);
    await slots.erase('key-2');
    await slots.erase('key-2');
    expect(await slots.has('key-2')).toBe(false);
    await expectRefusal('slot_missing', () => slots.use('key-2', () => undefined));
    expect(await readdir(directory)).toEqual(['key-1.slot']);
  });

  it('refuse names that lead elsewhere, and links', async () => {
    for (const name of ['../key', '', 'a/b', 'A', '.hidden', 'x'.repeat(65)]) {
      await expectRefusal('slot_name_invalid', () => slots.put(name, secret));
    }
    await symlink(join(root, 'slot.key'), join(directory, 'key-3.slot'));
    await expectRefusal('file_not_regular', () => slots.use('key-3', () => undefined));
    await expectRefusal('file_not_regular', () => slots.erase('key-3'));
    expect((await readFile(keyFile)).length).toBe(32);
    await rm(join(directory, 'key-3.slot'));
  });

  it('refuse a key file that others may read, or that is no key', async () => {
    await chmod(keyFile, 0o644);
    await expectRefusal('file_too_open', () => openFileSlots(directory, keyFile));
    await chmod(keyFile, 0o600);
    const short = join(root, 'short.key');
    await writeFile(short, Buffer.alloc(31), { mode: 0o600 });
    await expectRefusal('slot_key_malformed', () => openFileSlots(directory, short));
    await expectRefusal('file_missing', () => openFileSlots(directory, join(root, 'no.key')));
    await expectRefusal('file_exists', () => createSlotKey(keyFile));
  });
});
