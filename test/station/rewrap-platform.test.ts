import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createSlotKey,
  keyIdOf,
  openEnvelope,
  openFileSlots,
  openForDisaster,
  type Masters,
  type MasterPrivateKey,
} from '../../src/keyring/index.ts';
import { newId } from '../../src/shared/index.ts';
import { loadKeyFile } from '../../src/signer/key-file.ts';
import { platformKeys } from '../../src/signer/platform-keys.ts';
import { rewrapPlatformKeys, type PlatformSource } from '../../src/station/index.ts';
import { accountKeyOf } from '../../src/station/pool.ts';
import { fixtureMaster, fixtureMasters } from '../fixtures/masters.ts';
import { temporaryRoot } from './offices.ts';

const OLD = fixtureMasters('key-1', 'key-2');
const NEW = fixtureMasters('key-3', 'key-4');
const disaster = fixtureMaster('key-5');
const KEYS = 3;

let root: string;
let sites: string[];
let xpubs: string[];
let runs = 0;
const work = (): string => join(root, `work-${runs}`);

beforeAll(async () => {
  root = await temporaryRoot();
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** What a signer leaves behind: its own envelopes and two sites. */
beforeEach(async () => {
  const directory = join(root, `signer-${++runs}`);
  sites = ['envelopes', 'site-a', 'site-b'].map((name) => join(directory, name));
  for (const folder of [directory, join(directory, 'slots'), ...sites]) await mkdir(folder);
  await createSlotKey(join(directory, 'slot-key'));
  const keys = platformKeys({
    network: 'regtest',
    role: 'platform',
    identity: await loadKeyFile(directory, 'attestation-key.pem', 'signer_file_damaged'),
    slots: await openFileSlots(join(directory, 'slots'), join(directory, 'slot-key')),
    envelopeDirectory: sites[0]!,
    backupSites: sites.slice(1),
    masters: OLD,
    disaster,
  });
  xpubs = [];
  for (let made = 0; made < KEYS; made++) xpubs.push((await keys.make(newId('wallet'))).statement.xpub);
});

const nested: PlatformSource = { kind: 'nested', masters: OLD };

function plan(
  source: PlatformSource = nested,
  change: Partial<Parameters<typeof rewrapPlatformKeys>[0]> = {},
) {
  return {
    ...{ network: 'regtest' as const, sites, work: work() },
    target: { masters: NEW, disaster: null },
    openSource: () => Promise.resolve(source),
    ...change,
  };
}

function opensWith(blob: Buffer, xpub: string, masters: Masters<MasterPrivateKey>): boolean {
  const context = JSON.parse(/\{.*?\}/.exec(blob.toString('latin1'))![0]) as { fingerprint: string };
  const expected = { keyId: keyIdOf(xpub), role: 'platform', network: 'regtest', ...context };
  try {
    const entropy = openEnvelope(blob, expected, masters);
    return accountKeyOf(entropy, 'regtest').xpub.text === xpub;
  } catch {
    return false;
  }
}

const copyOf = (site: string, xpub: string): string => join(site, `platform-${keyIdOf(xpub)}.envelope`);

async function openable(masters: Masters<MasterPrivateKey>): Promise<number> {
  let count = 0;
  for (const site of sites)
    for (const xpub of xpubs) if (opensWith(await readFile(copyOf(site, xpub)), xpub, masters)) count++;
  return count;
}

async function refusalOf(run: () => Promise<unknown>): Promise<string> {
  return run().then(
    () => 'accepted',
    (thrown: unknown) => (thrown as { code?: string }).code ?? String(thrown),
  );
}

describe('wrapped copies of platform keys', () => {
  it('are made for the masters and for the disaster key, at every site', async () => {
    expect(await openable(OLD)).toBe(3 * KEYS);
    for (const site of sites) {
      const names = (await readdir(site)).filter((name) => name.endsWith('.disaster'));
      expect(names).toHaveLength(KEYS);
    }
    const blob = await readFile(copyOf(sites[1]!, xpubs[0]!).replace('.envelope', '.disaster'));
    const { fingerprint } = JSON.parse(/\{.*?\}/.exec(blob.toString('latin1'))![0]) as {
      fingerprint: string;
    };
    const context = { keyId: keyIdOf(xpubs[0]!), role: 'platform', network: 'regtest', fingerprint };
    expect(accountKeyOf(openForDisaster(blob, context, disaster), 'regtest').xpub.text).toBe(xpubs[0]);
  });

  it('move to new masters at every site, a damaged copy made whole from another site', async () => {
    const damaged = copyOf(sites[0]!, xpubs[1]!);
    const bytes = await readFile(damaged);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(damaged, bytes);
    expect(await rewrapPlatformKeys(plan())).toBe(KEYS);
    expect(await openable(NEW)).toBe(3 * KEYS);
    expect(await openable(OLD)).toBe(0);
    expect(await readdir(root)).not.toContain(`work-${runs}`);
  });

  it('move when both masters are lost, by the disaster key, to another disaster key too', async () => {
    const next = fixtureMaster('key-6');
    const target = { masters: NEW, disaster: next };
    await rewrapPlatformKeys(plan({ kind: 'disaster', key: disaster }, { target }));
    expect(await openable(NEW)).toBe(3 * KEYS);
    const again = { masters: OLD, disaster: null };
    const back = plan({ kind: 'disaster', key: next }, { target: again, work: `${work()}-back` });
    await rewrapPlatformKeys(back);
    expect(await openable(OLD)).toBe(3 * KEYS);
  });

  it('stay as they are when it is cut short, and go on without being opened again', async () => {
    const cut = plan(nested, {
      onKey: (done) => {
        if (done === 2) throw new Error('the machine was switched off');
      },
    });
    await expect(rewrapPlatformKeys(cut)).rejects.toThrow('switched off');
    expect(await openable(OLD)).toBe(3 * KEYS);
    const other = plan(nested, { target: { masters: fixtureMasters('key-4', 'key-3'), disaster: null } });
    expect(await refusalOf(() => rewrapPlatformKeys(other))).toBe('rewrap_unfinished');
    let opened = 0;
    const totals: number[][] = [];
    await rewrapPlatformKeys(
      plan(nested, {
        openSource: () => Promise.resolve((opened++, nested)),
        onKey: (done, total) => totals.push([done, total]),
      }),
    );
    expect(opened).toBe(1);
    expect(totals.at(-1)).toEqual([KEYS, KEYS]);
    expect(await openable(NEW)).toBe(3 * KEYS);
  });

  it('are refused by wrong masters, under another key’s name, and when there are none', async () => {
    const wrong: PlatformSource = { kind: 'nested', masters: fixtureMasters('key-2', 'key-1') };
    expect(await refusalOf(() => rewrapPlatformKeys(plan(wrong)))).toBe('backup_damaged');
    await rm(work(), { recursive: true });
    for (const site of sites) {
      const moved = await readFile(copyOf(site, xpubs[0]!));
      await writeFile(copyOf(site, xpubs[1]!), moved);
    }
    expect(await refusalOf(() => rewrapPlatformKeys(plan()))).toBe('backup_damaged');
    await rm(work(), { recursive: true });
    for (const site of sites) for (const name of await readdir(site)) await rm(join(site, name));
    expect(await refusalOf(() => rewrapPlatformKeys(plan()))).toBe('envelope_missing');
    const same = { masters: NEW, disaster: NEW.inner };
    expect(await refusalOf(() => rewrapPlatformKeys(plan(nested, { target: same })))).toBe(
      'disaster_key_not_apart',
    );
  });
});
