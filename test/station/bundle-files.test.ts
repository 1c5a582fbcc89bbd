import { randomBytes } from 'node:crypto';
import { chmod, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { base32nopad } from '@scure/base';
import * as bbqr from 'bbqr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePsbt, psbtToBase64 } from '../../src/bitcoin/index.ts';
import type { SigningBundle } from '../../src/intents/index.ts';
import { bundleFiles, encodeBundle, readBundleFile } from '../../src/station/index.ts';
import { decodeFrames, encodeFrames } from '../../src/station/bbqr.ts';
import { bundleOf, custody, payoutIntent, registeredWallet } from '../fixtures/custody.ts';
import { temporaryRoot } from './offices.ts';

/** Its own declarations do not resolve under NodeNext. */
const { joinQRs, splitQRs } = bbqr as unknown as {
  joinQRs: (parts: string[]) => { fileType: string; raw: Uint8Array };
  splitQRs: (raw: Uint8Array, type: string, wishes: object) => { parts: string[] };
};

let root: string;
let bundle: SigningBundle;

async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

beforeAll(async () => {
  root = await temporaryRoot();
  const house = custody();
  const wallet = registeredWallet(house, 'formats');
  bundle = bundleOf(house, wallet, [payoutIntent(wallet)]);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function reading(content: Uint8Array | string, name = 'file'): Promise<SigningBundle> {
  await writeFile(join(root, name), content);
  return readBundleFile(join(root, name));
}

describe('a bundle', () => {
  it('is the same as JSON, as a PSBT that carries it, in base 64, and as frames', async () => {
    for (const format of ['json', 'psbt', 'bbqr'] as const) {
      expect([format, await reading(encodeBundle(bundle, format))]).toEqual([format, bundle]);
    }
    const psbt = encodeBundle(bundle, 'psbt');
    expect(await reading(`${psbt.toString('base64')}\n`)).toEqual(bundle);
    // Another wallet reads the very PSBT of the bundle, with one field more.
    const carried = parsePsbt(psbt);
    expect(carried.inputs.length).toBe(parsePsbt(Buffer.from(bundle.psbt, 'base64')).inputs.length);
    expect(psbtToBase64(carried)).not.toBe(bundle.psbt);
    const json = encodeFrames(Buffer.from(JSON.stringify(bundle)), 'J');
    expect(await reading(json.reverse().join('\n'))).toEqual(bundle);
  });

  it('is refused without intents, with others that are none, or as anything else', async () => {
    expect(await refusalOf(() => reading(Buffer.from(bundle.psbt, 'base64')))).toBe('psbt_without_intents');
    const psbt = encodeBundle(bundle, 'psbt');
    const broken = Buffer.from(psbt.toString('latin1').replace('"version":1', '"version":2'), 'latin1');
    expect(await refusalOf(() => reading(broken))).toBe('bundle_malformed');
    expect(await refusalOf(() => reading(psbt.subarray(0, 200)))).toBe('psbt_malformed');
    for (const [code, text] of [
      ['document_malformed', ''],
      ['document_malformed', 'neither'],
      ['bundle_malformed', '{}'],
      ['frames_malformed', 'B$2P0100'],
      ['document_malformed', encodeFrames(Buffer.from('text'), 'J').join('\n')],
      ['document_malformed', encodeFrames(Buffer.from('text'), 'J').join('\n').replace('J', 'T')],
    ] as const) {
      expect([text, await refusalOf(() => reading(text))]).toEqual([text, code]);
    }
  });

  it('is no gigabyte, no link, no directory without permission', async () => {
    await writeFile(join(root, 'huge'), '');
    await truncate(join(root, 'huge'), 2 ** 30);
    expect(await refusalOf(() => readBundleFile(join(root, 'huge')))).toBe('file_too_large');
    await symlink(join(root, 'file'), join(root, 'link'));
    expect(await refusalOf(() => readBundleFile(join(root, 'link')))).toBe('file_not_regular');
    expect(await refusalOf(() => readBundleFile(root))).toBe('file_not_regular');
    expect(await refusalOf(() => bundleFiles([join(root, 'nowhere')]))).toBe('file_missing');
    const folder = join(root, 'folder');
    await mkdir(folder);
    for (const name of ['b.json', 'a.psbt', 'c.bbqr', 'notes.txt']) await writeFile(join(folder, name), '');
    expect(await bundleFiles([join(root, 'file'), folder])).toEqual([
      join(root, 'file'),
      ...['a.psbt', 'b.json', 'c.bbqr'].map((name) => join(folder, name)),
    ]);
    if (process.getuid?.() !== 0) {
      await chmod(folder, 0o000);
      expect(await refusalOf(() => bundleFiles([folder]))).toBe('file_inaccessible');
      await chmod(folder, 0o700);
    }
  });
});

describe('frames', () => {
  const bytes = Buffer.concat([Buffer.from('psbt\xff', 'latin1'), randomBytes(3_000), Buffer.alloc(3_000)]);

  it('are read by the reference library, and read what it writes', () => {
    const frames = encodeFrames(bytes, 'P');
    expect(frames.length).toBeGreaterThan(2);
    for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(1_240);
    const joined = joinQRs(frames);
    expect(joined.fileType).toBe('P');
    expect(Buffer.from(joined.raw).equals(bytes)).toBe(true);
    for (const encoding of ['Z', '2', 'H'] as const) {
      const { parts } = splitQRs(new Uint8Array(bytes), 'P', { encoding, minSplit: 3 });
      expect(decodeFrames([...parts].reverse())).toEqual({ type: 'P', bytes });
    }
  });

  it('may come twice and in any order, and are refused when one is missing, changed or of another code', async () => {
    const frames = encodeFrames(bytes, 'P');
    expect(decodeFrames([...frames, frames[0]!].reverse()).bytes.equals(bytes)).toBe(true);
    const other = encodeFrames(Buffer.concat([bytes, bytes]), 'P');
    const code = (...given: string[]) => refusalOf(() => decodeFrames(given));
    expect(await code(...frames.slice(1))).toBe('frames_malformed');
    expect(await code(...frames, other[0]!)).toBe('frames_malformed');
    expect(await code(...frames, `${frames[0]!}AA`)).toBe('frames_malformed');
    expect(await code('B$2P00')).toBe('frames_malformed');
    expect(await code()).toBe('frames_malformed');
    expect(await code('B$2P0100!!!!')).toBe('frames_malformed');
    expect(() => encodeFrames(randomBytes(2_000_000), 'P')).toThrow('more of them');
  });

  it('that would unpack to more than memory holds are refused', async () => {
    const bomb = base32nopad.encode(deflateRawSync(Buffer.alloc(64 * 1024 * 1024), { windowBits: 10 }));
    const size = 1_232;
    const count = Math.ceil(bomb.length / size);
    const digits = (value: number) => value.toString(36).toUpperCase().padStart(2, '0');
    const frames = Array.from(
      { length: count },
      (_, at) => `B$ZP${digits(count)}${digits(at)}${bomb.slice(at * size, (at + 1) * size)}`,
    );
    expect(await refusalOf(() => decodeFrames(frames))).toBe('frames_malformed');
  });
});
