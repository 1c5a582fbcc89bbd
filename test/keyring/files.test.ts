import { execFileSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegularFile, resolveSites, writeNewFile, writeToSites } from '../../src/keyring/index.ts';
import { expectRefusal } from './refusals.ts';

let root: string;
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'trilock-files-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a new file', () => {
  it('is whole, readable by its owner alone, and nothing is left beside it', async () => {
    const folder = await mkdtemp(join(root, 'new-'));
    await writeNewFile(join(folder, 'file'), Buffer.from('content'));
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('content');
    expect((await stat(join(folder, 'file'))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('never takes the place of another, whatever that is', async () => {
    const folder = await mkdtemp(join(root, 'over-'));
    await writeFile(join(folder, 'file'), 'first');
    await mkdir(join(folder, 'directory'));
    await symlink(join(folder, 'nowhere'), join(folder, 'link'));
    for (const name of ['file', 'directory', 'link']) {
      await expectRefusal('file_exists', () => writeNewFile(join(folder, name), Buffer.from('second')));
    }
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('first');
    expect((await readdir(folder)).sort()).toEqual(['directory', 'file', 'link']);
    await Promise.allSettled(
      [1, 2, 3].map((n) => writeNewFile(join(folder, 'race'), Buffer.from(String(n)))),
    );
    expect((await readdir(folder)).sort()).toEqual(['directory', 'file', 'link', 'race']);
  });

  it('is refused where there is no directory, or none that may be written', async () => {
    await expectRefusal('file_missing', () => writeNewFile(join(root, 'no/file'), Buffer.from('')));
    await writeFile(join(root, 'plain'), '');
    await expectRefusal('file_not_regular', () => writeNewFile(join(root, 'plain/file'), Buffer.from('')));
    const long = join(root, 'x'.repeat(300));
    const error = await expectRefusal('file_inaccessible', () => writeNewFile(long, Buffer.from('')));
    expect(error.message).toContain(long);
    const closed = join(root, 'closed');
    await mkdir(closed, { mode: 0o500 });
    if (!isRoot)
      await expectRefusal('file_inaccessible', () => writeNewFile(join(closed, 'file'), Buffer.from('')));
    await chmod(closed, 0o700);
  });
});

describe('reading', () => {
  it('takes regular files within bounds only', async () => {
    const path = join(root, 'read');
    await writeFile(path, 'content', { mode: 0o600 });
    expect((await readRegularFile(path, { maxBytes: 7 })).toString()).toBe('content');
    await expectRefusal('file_too_large', () => readRegularFile(path, { maxBytes: 6 }));
    await expectRefusal('file_missing', () => readRegularFile(join(root, 'none'), { maxBytes: 6 }));
    await expectRefusal('file_not_regular', () => readRegularFile(root, { maxBytes: 6 }));
    await symlink(path, join(root, 'link'));
    await expectRefusal('file_not_regular', () => readRegularFile(join(root, 'link'), { maxBytes: 9 }));
    await chmod(path, 0o640);
    await expectRefusal('file_too_open', () => readRegularFile(path, { maxBytes: 7, ownerOnly: true }));
  });

  it('does not wait for a pipe, nor read a gigabyte', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await expectRefusal('file_not_regular', () => readRegularFile(join(root, 'pipe'), { maxBytes: 9 }));
    await writeFile(join(root, 'huge'), '');
    await truncate(join(root, 'huge'), 2 ** 30);
    await expectRefusal('file_too_large', () => readRegularFile(join(root, 'huge'), { maxBytes: 8_192 }));
  });
});

describe('backup sites', () => {
  async function twoSites(): Promise<[string, string]> {
    return [await mkdtemp(join(root, 'site-')), await mkdtemp(join(root, 'site-'))];
  }

  it('all get the same copy, and the same again is fine', async () => {
    const sites = await twoSites();
    const bytes = Buffer.from('wrapped');
    await writeToSites(sites, 'key.envelope', bytes);
    await writeToSites(sites, 'key.envelope', bytes);
    for (const site of sites) expect((await readFile(join(site, 'key.envelope'))).equals(bytes)).toBe(true);
  });

  it('refuse another copy of the same name, at any site', async () => {
    const sites = await twoSites();
    await writeFile(join(sites[1], 'key.envelope'), 'different');
    await expectRefusal('file_exists', () => writeToSites(sites, 'key.envelope', Buffer.from('something')));
    await expectRefusal('file_too_large', () => writeToSites(sites, 'key.envelope', Buffer.from('short')));
    expect(await readFile(join(sites[1], 'key.envelope'), 'utf8')).toBe('different');
  });

  it('are two different directories that exist', async () => {
    const [first, second] = await twoSites();
    await symlink(first, `${second}/same`);
    for (const sites of [[], [first], [first, first], [first, `${first}/`], [first, `${second}/same`]]) {
      await expectRefusal('sites_too_few', () => resolveSites(sites));
    }
    await expectRefusal('file_missing', () => resolveSites([first, join(second, 'none')]));
    await writeFile(join(second, 'file'), '');
    await expectRefusal('file_not_regular', () => resolveSites([first, join(second, 'file')]));
    expect(await resolveSites([first, second])).toHaveLength(2);
  });
});
