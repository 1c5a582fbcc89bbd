import { createHash } from 'node:crypto';
import {
  appendFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyAttestation } from '../../src/intents/index.ts';
import {
  issueCertificate,
  issueRoot,
  certificatePem,
  openEnvelope,
  openForDisaster,
  readEnvelope,
  splitKey,
  joinShares,
  type AttestationKey,
} from '../../src/keyring/index.ts';
import {
  checkBackups,
  disasterSource,
  generateKeys,
  initStation,
  nestedSource,
  openStation,
  replaceSite,
  restoreSite,
  rewrapKeys,
  unlockStation,
  type KeySource,
  type Station,
} from '../../src/station/index.ts';
import { envelopeContext } from '../../src/station/pool-records.ts';
import { accountKeyOf } from '../../src/station/pool.ts';
import { fixtureMaster, fixtureMasters } from '../fixtures/masters.ts';
import { mastersOf, newStation, PASSPHRASE, publicPem, temporaryRoot } from './offices.ts';

let root: string;

async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

interface Stocked {
  readonly station: Station;
  readonly attestationKey: AttestationKey;
  readonly keys: readonly KeyAttestation[];
}

async function stocked(count = 3): Promise<Stocked> {
  const station = await newStation(root, 'cold');
  const attestationKey = await unlockStation(station, PASSPHRASE);
  return {
    station,
    attestationKey,
    keys: await generateKeys(station, { pool: 'first', count, attestationKey }),
  };
}

async function faultsOf(station: Station): Promise<string[]> {
  const { sites } = await checkBackups(station);
  return sites.flatMap(({ site, faults }) =>
    faults.map(({ name, fault }) => `${basename(site)} ${name.replace(/^[0-9a-f]{32}/, 'KEY')} ${fault}`),
  );
}

const idOf = (key: KeyAttestation): string => envelopeContext(key).keyId;
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function contentOf(site: string): Promise<Record<string, string>> {
  const names = (await readdir(site, { withFileTypes: true })).filter((entry) => entry.isFile());
  const entries = names.map(async ({ name }) => [name, hashOf(await readFile(join(site, name)))] as const);
  return Object.fromEntries(await Promise.all(entries));
}

beforeAll(async () => {
  root = await temporaryRoot();
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('verifying backups', () => {
  it('finds nothing of a key that was never counted, once the run was done again', async () => {
    const { station, attestationKey } = await stocked(1);
    const [one = ''] = station.sites;
    const records = join(station.directory, 'pools/first');
    const wishes = { pool: 'first', count: 3, attestationKey };
    const blobsOf = async () => (await readdir(one)).filter((name) => /\.(envelope|disaster)$/.test(name));
    const interrupted = generateKeys(station, {
      ...wishes,
      onKey: (done) => {
        if (done === 2) renameSync(records, `${records}-away`);
      },
    });
    expect(await refusalOf(() => interrupted)).toBe('file_missing');
    // The third key lies at the sites, and was never counted.
    const left = await blobsOf();
    expect(left).toHaveLength(6);
    renameSync(`${records}-away`, records);
    expect(await generateKeys(station, wishes)).toHaveLength(3);
    expect(await blobsOf()).toHaveLength(6);
    expect(await blobsOf()).not.toEqual(left);
    expect(await faultsOf(station)).toEqual([]);
  });

  it('finds every site whole after keys were made, and again after more', async () => {
    const { station, attestationKey } = await stocked(2);
    const { manifest, sites } = await checkBackups(station);
    expect(manifest).toMatchObject({ number: 1, role: 'cold', network: 'regtest' });
    expect(manifest.blobs).toHaveLength(4);
    expect(sites.map(({ faults }) => faults)).toEqual([[], []]);
    await generateKeys(station, { pool: 'first', count: 2, attestationKey });
    expect((await checkBackups(station)).manifest.number).toBe(1);
    await generateKeys(station, { pool: 'first', count: 3, attestationKey });
    expect((await checkBackups(station)).manifest).toMatchObject({ number: 2 });
    expect(await faultsOf(station)).toEqual([]);
    expect(await refusalOf(() => newStation(root, 'cold').then(checkBackups))).toBe(
      'backup_manifest_missing',
    );
  });

  it('says which blob is missing, altered, truncated, stale, unlisted or no file', async () => {
    const { station, keys, attestationKey } = await stocked(4);
    const [, second] = station.sites as [string, string];
    const blob = (at: number, kind = 'envelope'): string => join(second, `${idOf(keys[at]!)}.${kind}`);
    const old = await readFile(blob(3));
    const target = { masters: { inner: publicPem('key-3'), outer: publicPem('key-4') } };
    const openSource = (): Promise<KeySource> => nestedSource(station, mastersOf('cold'));
    const changed = await rewrapKeys(station, { target, openSource, attestationKey });
    await writeFile(blob(3), old);
    await unlink(blob(0));
    const bytes = await readFile(blob(1));
    bytes[700]! ^= 1;
    await writeFile(blob(1), bytes);
    await truncate(blob(2), 600);
    await appendFile(blob(1, 'disaster'), 'x');
    await unlink(blob(2, 'disaster'));
    await symlink(blob(3, 'disaster'), blob(2, 'disaster'));
    await writeFile(join(second, `${'0'.repeat(32)}.envelope`), 'stray');
    expect((await faultsOf(changed)).sort()).toEqual([
      'site-2 KEY.disaster altered',
      'site-2 KEY.disaster unreadable',
      'site-2 KEY.envelope altered',
      'site-2 KEY.envelope missing',
      'site-2 KEY.envelope stale',
      'site-2 KEY.envelope truncated',
      'site-2 KEY.envelope unlisted',
    ]);
    await unlink(join(second, 'MANIFEST-000002.json'));
    expect(await faultsOf(changed)).toContain('site-2 MANIFEST stale');
    await rename(second, `${second}-gone`);
    expect(await faultsOf(changed)).toContain('site-2 MANIFEST missing');
  });

  it('believes no manifest that the station did not sign', async () => {
    const { station } = await stocked(1);
    const [first] = station.sites as [string];
    const path = join(first, 'MANIFEST-000001.json');
    const forged = (await readFile(path, 'utf8')).replace('"bytes": ', '"bytes": 1');
    await writeFile(path, forged);
    expect(await faultsOf(station)).toEqual([
      'site-1 MANIFEST-000001.json altered',
      'site-1 MANIFEST missing',
    ]);
    await writeFile(join(station.directory, 'backups/000001.json'), forged);
    expect(await refusalOf(() => checkBackups(station))).toBe('signature_wrong');
  });
});

describe('restoring a site', () => {
  it('rebuilds any site from any other, keeping aside what was damaged', async () => {
    const { station, keys } = await stocked();
    const [first, second] = station.sites as [string, string];
    const whole = await contentOf(second);
    for (const [from, to] of [
      [first, second],
      [second, first],
    ] as const) {
      await rm(to, { recursive: true });
      await mkdir(to);
      expect(await restoreSite(station, from, to)).toEqual({ kept: 0, written: 6, setAside: [] });
      expect(await contentOf(to)).toEqual(whole);
      expect(await faultsOf(station)).toEqual([]);
    }
    const name = `${idOf(keys[0]!)}.envelope`;
    await truncate(join(second, name), 100);
    await unlink(join(second, `${idOf(keys[1]!)}.disaster`));
    expect(await restoreSite(station, first, second)).toEqual({ kept: 4, written: 2, setAside: [name] });
    expect(await readdir(join(second, 'damaged'))).toHaveLength(1);
    expect(await contentOf(second)).toEqual(whole);
  });

  it('copies nothing that is not sound, and mixes no roles', async () => {
    const { station, keys } = await stocked();
    const [first, second] = station.sites as [string, string];
    const name = `${idOf(keys[0]!)}.envelope`;
    await truncate(join(first, name), 100);
    await unlink(join(second, name));
    expect(await refusalOf(() => restoreSite(station, first, second))).toBe('backup_damaged');
    expect(await readdir(second)).not.toContain(name);
    expect(await refusalOf(() => restoreSite(station, first, first))).toBe('backup_damaged');
    const backup = await newStation(root, 'backup');
    const attestationKey = await unlockStation(backup, PASSPHRASE);
    await generateKeys(backup, { pool: 'first', count: 1, attestationKey });
    expect(await refusalOf(() => restoreSite(station, second, backup.sites[0]!))).toBe(
      'site_of_another_station',
    );
  });

  it('puts a new place in that of one that is gone', async () => {
    const { station } = await stocked(1);
    const [first, second] = station.sites as [string, string];
    const place = join(root, 'new-place');
    await mkdir(place);
    await rm(second, { recursive: true });
    await restoreSite(station, first, place);
    const moved = await replaceSite(station, second, place);
    expect(moved.sites).toEqual([first, place]);
    expect((await openStation(station.directory)).sites).toEqual([first, place]);
    expect(await faultsOf(moved)).toEqual([]);
    expect(await refusalOf(() => replaceSite(moved, place, first))).toBe('sites_too_few');
  });
});

describe('rewrapping', () => {
  const target = { masters: { inner: publicPem('key-3'), outer: publicPem('key-4') } };
  const next = fixtureMasters('key-3', 'key-4');

  async function expectOpens(station: Station, keys: readonly KeyAttestation[]): Promise<void> {
    for (const site of station.sites) {
      for (const key of keys) {
        const context = envelopeContext(key);
        const bytes = await readFile(join(site, `${context.keyId}.envelope`));
        const entropy = openEnvelope(bytes, context, next);
        expect(accountKeyOf(entropy, 'regtest').xpub.text).toBe(key.statement.xpub);
      }
    }
  }

  it('moves every key to new masters, at every site, and makes new keys for them', async () => {
    const { station, keys, attestationKey } = await stocked();
    const openSource = (): Promise<KeySource> => nestedSource(station, mastersOf('cold'));
    const done: number[] = [];
    const changed = await rewrapKeys(station, {
      target,
      openSource,
      attestationKey,
      onKey: (n) => done.push(n),
    });
    expect(done).toEqual([1, 2, 3]);
    expect(changed.masters.inner.fingerprint).toBe(next.inner.fingerprint);
    expect(await openStation(station.directory)).toEqual(changed);
    expect(await faultsOf(changed)).toEqual([]);
    await expectOpens(changed, keys);
    expect(await readdir(station.directory)).not.toContain('rewrap');
    const more = await generateKeys(changed, { pool: 'first', count: 4, attestationKey });
    await expectOpens(changed, more);
    expect(await refusalOf(() => rewrapKeys(changed, { target, openSource, attestationKey }))).toBe(
      'rewrap_refused',
    );
  });

  it('goes on after a stop anywhere, and opens nothing twice', async () => {
    const { station, keys, attestationKey } = await stocked();
    const stop = new Error('the power failed');
    let opened = 0;
    const openSource = async (): Promise<KeySource> => {
      const source = await nestedSource(station, mastersOf('cold'));
      return (key) => {
        if (++opened === 2) return Promise.reject(stop);
        return source(key);
      };
    };
    const wishes = { target, openSource, attestationKey };
    await expect(rewrapKeys(station, wishes)).rejects.toBe(stop);
    expect(await faultsOf(station)).toEqual([]);
    expect(await refusalOf(() => generateKeys(station, { pool: 'first', count: 9, attestationKey }))).toBe(
      'rewrap_unfinished',
    );
    const elsewhere = { masters: { inner: publicPem('key-4'), outer: publicPem('key-3') } };
    expect(await refusalOf(() => rewrapKeys(station, { ...wishes, target: elsewhere }))).toBe(
      'rewrap_unfinished',
    );
    // A site that cannot be written stops it between the sites; then no master is needed any more.
    const [, second] = station.sites as [string, string];
    const blob = join(second, `${idOf(keys[1]!)}.envelope`);
    const bytes = await readFile(blob);
    await unlink(blob);
    await mkdir(blob);
    expect(await refusalOf(() => rewrapKeys(station, wishes))).toBe('file_not_regular');
    expect(opened).toBe(4);
    await rm(blob, { recursive: true });
    await writeFile(blob, bytes);
    const never = (): Promise<KeySource> => Promise.reject(new Error('no master is needed'));
    const changed = await rewrapKeys(station, { ...wishes, openSource: never });
    expect(await faultsOf(changed)).toEqual([]);
    await expectOpens(changed, keys);
  });

  it('is refused with wrong masters, and with a blob that no site has sound', async () => {
    const { station, keys, attestationKey } = await stocked();
    const { inner, outer } = mastersOf('cold');
    const swapped = (): Promise<KeySource> => nestedSource(station, { inner: outer, outer: inner });
    expect(await refusalOf(() => rewrapKeys(station, { target, openSource: swapped, attestationKey }))).toBe(
      'envelope_for_other_masters',
    );
    const [first, second] = station.sites as [string, string];
    const [a, b] = [`${idOf(keys[0]!)}.envelope`, `${idOf(keys[1]!)}.envelope`];
    // Moved to another key's name at one site: the other one's copy is taken.
    await cp(join(first, b), join(first, a));
    const openSource = (): Promise<KeySource> => nestedSource(station, mastersOf('cold'));
    await truncate(join(second, b), 10);
    const source = await openSource();
    expect((await source(keys[0]!)).length).toBe(32);
    await cp(join(first, b), join(second, a));
    expect(await refusalOf(() => source(keys[0]!))).toBe('backup_damaged');
  });

  it('gives keys back from three shares of the disaster key, to new masters and a new disaster key', async () => {
    const { station, keys, attestationKey } = await stocked();
    const shares = await splitKey(fixtureMaster('key-5'), 3, 5);
    const disaster = await joinShares(shares.slice(2), {
      threshold: 3,
      fingerprint: fixtureMaster('key-5').fingerprint,
    });
    // Every nested envelope is gone.
    for (const site of station.sites)
      for (const key of keys) await unlink(join(site, `${idOf(key)}.envelope`));
    const renewed = { ...target, disaster: publicPem('key-6') };
    const openSource = (): Promise<KeySource> => disasterSource(station, disaster);
    const changed = await rewrapKeys(station, { target: renewed, openSource, attestationKey });
    expect(await faultsOf(changed)).toEqual([]);
    await expectOpens(changed, keys);
    expect(changed.disaster?.fingerprint).toBe(fixtureMaster('key-6').fingerprint);
    const context = envelopeContext(keys[0]!);
    const blob = await readFile(join(changed.sites[0]!, `${context.keyId}.disaster`));
    expect(readEnvelope(blob, 'disaster').outerMaster).toBe(fixtureMaster('key-6').fingerprint);
    const entropy = openForDisaster(blob, context, fixtureMaster('key-6'));
    expect(accountKeyOf(entropy, 'regtest').xpub.text).toBe(keys[0]!.statement.xpub);
    const other = { ...context, keyId: idOf(keys[1]!) };
    expect(await refusalOf(() => openForDisaster(blob, other, fixtureMaster('key-6')))).toBe(
      'envelope_for_another_key',
    );
    expect(await refusalOf(() => openForDisaster(blob, context, disaster))).toBe(
      'envelope_for_other_masters',
    );
    expect(await refusalOf(() => openEnvelope(blob, context, next))).toBe('envelope_malformed');
  });
});

describe('masters with certificates', () => {
  const nowMs = Date.now();
  const rootKey = fixtureMaster('key-6');
  const institution = 'Bank of Examples';
  const authority = issueRoot({ institution, person: 'Root', nowMs, days: 999 }, rootKey);
  const issued = (role: 'cold-master-a' | 'cold-master-b', key: string, at = nowMs) =>
    certificatePem(
      issueCertificate({ person: key, role, nowMs: at, days: 30 }, fixtureMaster(key), {
        certificate: authority,
        key: rootKey,
      }),
    );

  it('are taken under their root only, each in its place and its time', async () => {
    const home = join(root, 'certified');
    const sites = [join(root, 'certified-1'), join(root, 'certified-2')];
    for (const site of sites) await mkdir(site);
    const wishes = {
      role: 'cold' as const,
      name: 'certified',
      network: 'mainnet' as const,
      masters: { inner: issued('cold-master-a', 'key-1'), outer: issued('cold-master-b', 'key-2') },
      root: certificatePem(authority),
      disaster: publicPem('key-5'),
      sites,
      passphrase: PASSPHRASE,
    };
    const { masters } = wishes;
    const { root: _root, ...rootless } = wishes;
    const { disaster: _disaster, ...without } = wishes;
    const impostor = issueRoot({ institution, person: 'Root', nowMs, days: 999 }, fixtureMaster('key-3'));
    const long = nowMs - 40 * 86_400_000;
    for (const [code, change] of [
      ['masters_without_root', rootless],
      ['disaster_key_missing', without],
      ['disaster_key_not_apart', { ...wishes, disaster: publicPem('key-1') }],
      ['certificate_of_another_role', { ...wishes, masters: { inner: masters.outer, outer: masters.inner } }],
      ['certificate_of_another_role', { ...wishes, role: 'backup' as const }],
      ['certificate_not_of_institution', { ...wishes, root: certificatePem(impostor) }],
      ['certificate_malformed', { ...wishes, masters: { ...masters, inner: publicPem('key-1') } }],
      [
        'certificate_expired',
        { ...wishes, masters: { ...masters, inner: issued('cold-master-a', 'key-1', long) } },
      ],
      [
        'masters_not_distinct',
        { ...wishes, masters: { ...masters, outer: issued('cold-master-b', 'key-1') } },
      ],
    ] as const) {
      expect([code, await refusalOf(() => initStation(home, change))]).toEqual([code, code]);
    }
    const station = await initStation(home, wishes);
    expect(station.certificates?.inner.person).toBe('key-1');
    const attestationKey = await unlockStation(station, PASSPHRASE);
    await generateKeys(station, { pool: 'first', count: 1, attestationKey });
    // The same station when the certificate of a master has run out.
    const identity = JSON.parse(await readFile(join(home, 'station.json'), 'utf8')) as object;
    const expired = { ...identity, masters: { ...masters, inner: issued('cold-master-a', 'key-1', long) } };
    await writeFile(join(home, 'station.json'), JSON.stringify(expired));
    const late = await openStation(home);
    expect(await refusalOf(() => generateKeys(late, { pool: 'first', count: 2, attestationKey }))).toBe(
      'certificate_expired',
    );
    // An expired master still moves its keys to a new one.
    const target = { masters: { inner: issued('cold-master-a', 'key-3'), outer: masters.outer } };
    const openSource = (): Promise<KeySource> => nestedSource(late, mastersOf('cold'));
    const renewed = await rewrapKeys(late, { target, openSource, attestationKey });
    expect(await faultsOf(renewed)).toEqual([]);
    await generateKeys(renewed, { pool: 'first', count: 2, attestationKey });
  });
});
