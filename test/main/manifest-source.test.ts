import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manifestSource } from '../../src/main/roles/manifest-source.ts';
import { manifestHash, type Manifest } from '../../src/intents/index.ts';
import { at, institution, signedManifest } from '../fixtures/intents.ts';

const house = institution();
const first = house.manifest;
const second: Manifest = { ...first, number: 2, previousHash: manifestHash(first), issuedAt: at(0) };

describe('the manifests of a directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'manifests-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const put = (number: number, document: unknown) =>
    writeFile(join(directory, `manifest-${number}.json`), JSON.stringify(document));

  it('are followed one after the other, a new one as soon as it is there', async () => {
    const source = manifestSource(directory, manifestHash(first), 'regtest');
    await expect(source()).rejects.toMatchObject({ code: 'manifest_not_signed', retryable: true });
    await put(1, signedManifest(house, first));
    expect((await source()).number).toBe(1);
    await put(2, signedManifest(house, second));
    expect((await source()).number).toBe(2);
  });

  it('are the same for all who ask at once, at the start and when a new one comes', async () => {
    const source = manifestSource(directory, manifestHash(first), 'regtest');
    const askAll = async (): Promise<number[]> =>
      (await Promise.all(Array.from({ length: 8 }, source))).map(({ number }) => number);
    await put(1, signedManifest(house, first));
    expect(await askAll()).toEqual(Array.from({ length: 8 }, () => 1));
    await put(2, signedManifest(house, second));
    expect(await askAll()).toEqual(Array.from({ length: 8 }, () => 2));
  });

  it('are refused when the first is not the pinned one, or the next has too few officers', async () => {
    await put(1, signedManifest(house, first));
    const other = manifestSource(directory, 'a'.repeat(64), 'regtest');
    await expect(other()).rejects.toMatchObject({ code: 'manifest_not_signed' });
    await put(2, signedManifest(house, second, house.officers.slice(0, 1)));
    const source = manifestSource(directory, manifestHash(first), 'regtest');
    await expect(source()).rejects.toMatchObject({ code: 'manifest_not_signed' });
    await writeFile(join(directory, 'manifest-2.json'), '{"manifest":');
    await expect(source()).rejects.toMatchObject({ code: 'manifest_malformed' });
  });
});
