import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueRoot, openOfficerKey, type OfficerKey } from '../../src/keyring/index.ts';
import {
  checkCeremony,
  holdCeremony,
  keyOfShares,
  openShare,
  parseCeremonyPlan,
  parseShare,
  type CeremonyDesk,
} from '../../src/station/index.ts';
import { fixtureMaster } from '../fixtures/masters.ts';
import { temporaryRoot } from './offices.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const PASSPHRASE = 'marble otter kiosk vivid lunar fence';

async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

const plan = {
  institution: 'Bank of Examples',
  network: 'mainnet',
  rootKeeper: 'Rita',
  officers: [
    { person: 'Anna', role: 'cold-master-a' },
    { person: 'Bert', role: 'cold-master-b' },
  ],
  disaster: { threshold: 3, holders: ['Anna', 'Bert', 'Carl', 'Dora'] },
};

/** A desk where everybody types the same good passphrase and keys are the committed ones, one after the other. */
function desk(passphrase = PASSPHRASE) {
  const keys = ['key-1', 'key-2', 'key-3', 'key-4'];
  const said: string[] = [];
  const given: Buffer[] = [];
  const asked: string[] = [];
  const room: CeremonyDesk = {
    say: (lines) => said.push(...lines),
    newPassphrase: (person, file) => {
      asked.push(`${person} for ${file}`);
      const typed = Buffer.from(passphrase);
      given.push(typed);
      return Promise.resolve(typed);
    },
    compareWords: (what, words) => {
      said.push(`${what}: ${words}`);
      return Promise.resolve();
    },
    makeKey: () => Promise.resolve(fixtureMaster(keys.shift() ?? '')),
  };
  return { room, said, given, asked };
}

let root: string;
let done: string;
let held: ReturnType<typeof desk>;

beforeAll(async () => {
  root = await temporaryRoot();
  done = join(root, 'ceremony');
  held = desk();
  await holdCeremony(done, parseCeremonyPlan(plan), held.room, { nowMs: NOW });
});
afterAll(() => rm(root, { recursive: true, force: true }));

const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

describe('a ceremony', () => {
  it('gives everybody a file, publishes the rest, and keeps no passphrase', async () => {
    expect((await readdir(join(done, 'public'))).sort()).toEqual(
      ['cold-master-a', 'cold-master-b', 'root']
        .flatMap((name) => [`${name}.crt.pem`, `${name}.pub.pem`])
        .concat('disaster.pub.pem', 'holdings.json')
        .sort(),
    );
    expect((await readdir(join(done, 'private'))).sort()).toEqual([
      'cold-master-a.p12',
      'cold-master-b.p12',
      ...[1, 2, 3, 4].map((number) => `disaster-share-${number}.json`),
      'root.p12',
    ]);
    expect(held.asked).toHaveLength(7);
    for (const passphrase of held.given) expect(passphrase.every((byte) => byte === 0)).toBe(true);
    const files = await readdir(done, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      const bytes = await readFile(join(file.parentPath, file.name), 'latin1');
      expect(bytes.includes(PASSPHRASE)).toBe(false);
      expect(bytes.includes('BEGIN PRIVATE') || bytes.includes('BEGIN RSA')).toBe(false);
    }
  });

  it('stands an auditor’s check, who reads the words that were compared', async () => {
    const { statement, lines, certificates } = await checkCeremony(join(done, 'public'));
    expect(certificates.map(({ person, role }) => [person, role])).toEqual([
      ['Anna', 'cold-master-a'],
      ['Bert', 'cold-master-b'],
    ]);
    expect(statement.disaster?.holders.map(({ person }) => person)).toEqual(['Anna', 'Bert', 'Carl', 'Dora']);
    const compared = held.said.filter((line) => / [a-z]+( [a-z]+){11}$/.test(line));
    expect(compared).toHaveLength(4);
    for (const line of compared) {
      expect(lines.join('\n')).toContain(line.split(': ').at(-1));
    }
  });

  it('makes shares of which three open the disaster key, two do not', async () => {
    const { statement } = await checkCeremony(join(done, 'public'));
    const key = statement.disaster?.key ?? '';
    const heads = await Promise.all(
      [1, 2, 3, 4].map(async (number) =>
        parseShare(await json(join(done, `private/disaster-share-${number}.json`))),
      ),
    );
    const opened = heads.map((head) => ({ head, share: openShare(head, Buffer.from(PASSPHRASE)) }));
    const joined = await keyOfShares(opened.slice(1), key);
    expect(joined.fingerprint).toBe(fixtureMaster('key-4').fingerprint);
    expect(await refusalOf(() => keyOfShares(opened.slice(0, 2), key))).toBe('shares_too_few');
    expect(await refusalOf(() => keyOfShares([opened[0]!, opened[1]!, opened[1]!], key))).toBe(
      'shares_differ',
    );
    expect(await refusalOf(() => keyOfShares(opened, fixtureMaster('key-1').fingerprint))).toBe(
      'shares_differ',
    );
    const renamed = { ...heads[0]!, holder: 'Mallory' };
    expect(await refusalOf(() => openShare(renamed, Buffer.from(PASSPHRASE)))).toBe('passphrase_wrong');
    expect(await refusalOf(() => parseShare({ ...renamed, more: 1 }))).toBe('document_malformed');
  });

  it('adds officers under the root, which is then not made again', async () => {
    const passphrase = Buffer.from(PASSPHRASE);
    const existing = openOfficerKey(await readFile(join(done, 'private/root.p12')), passphrase);
    const next = desk();
    const more = {
      ...plan,
      rootKeeper: null,
      officers: [
        { person: 'Emil', role: 'manifest-officer' },
        { person: 'Frida', role: 'manifest-officer' },
      ],
      disaster: null,
    };
    const place = join(root, 'second');
    await holdCeremony(place, parseCeremonyPlan(more), next.room, { nowMs: NOW, root: existing });
    const { certificates, root: again } = await checkCeremony(join(place, 'public'));
    expect(again.fingerprint).toBe(existing.certificate.fingerprint);
    expect(certificates.map(({ person }) => person).sort()).toEqual(['Emil', 'Frida']);
    expect((await readdir(join(place, 'private'))).sort()).toEqual([
      'manifest-officer-2.p12',
      'manifest-officer.p12',
    ]);
    const officer = openOfficerKey(await readFile(join(place, 'private/manifest-officer.p12')), passphrase);
    const asRoot = (given: OfficerKey, nowMs = NOW) =>
      refusalOf(() =>
        holdCeremony(join(root, 'third'), parseCeremonyPlan(more), next.room, { nowMs, root: given }),
      );
    expect(await asRoot(officer)).toBe('ceremony_refused');
    expect(await asRoot(existing, existing.certificate.notAfterMs)).toBe('certificate_expired');
  });

  it('leaves nothing behind when a passphrase is weak or the place is taken', async () => {
    const place = join(root, 'weak');
    const weak = desk('password password');
    expect(
      await refusalOf(() => holdCeremony(place, parseCeremonyPlan(plan), weak.room, { nowMs: NOW })),
    ).toBe('passphrase_weak');
    expect((await readdir(root)).filter((name) => name.includes('weak'))).toEqual([]);
    await mkdir(join(root, 'taken'));
    await writeFile(join(root, 'taken/file'), '');
    const officers = [{ person: 'Gerd', role: 'manifest-officer' }];
    const two = parseCeremonyPlan({ ...plan, disaster: null, officers });
    expect(await refusalOf(() => holdCeremony(join(root, 'taken'), two, desk().room, { nowMs: NOW }))).toBe(
      'station_exists',
    );
    expect(await readdir(join(root, 'taken'))).toEqual(['file']);
  });
});

describe('a changed ceremony', () => {
  it('fails the auditor’s check, whatever was changed', async () => {
    const folder = join(done, 'public');
    const check = () => refusalOf(() => checkCeremony(folder));
    const change = async (name: string, by: (text: string) => string, code: string) => {
      const text = await readFile(join(folder, name), 'utf8');
      await writeFile(join(folder, name), by(text));
      expect([name, await check()]).toEqual([name, code]);
      await writeFile(join(folder, name), text);
    };
    await change('holdings.json', (text) => text.replace('Dora', 'Mallory'), 'signature_wrong');
    await change('holdings.json', () => '{}', 'document_malformed');
    const other = await readFile(join(folder, 'cold-master-b.crt.pem'), 'utf8');
    await change('root.crt.pem', () => other, 'certificate_not_of_institution');
    const impostor = issueRoot(
      { institution: 'Bank of Examples', person: 'Bank of Examples root', nowMs: NOW, days: 9 },
      fixtureMaster('key-6'),
    );
    const pem = impostor.der.toString('base64');
    const asPem = `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`;
    await change('cold-master-a.crt.pem', () => asPem, 'certificate_not_of_institution');
    await change('root.crt.pem', () => asPem, 'signature_wrong');
    const disaster = await readFile(join(folder, 'root.pub.pem'), 'utf8');
    await change('disaster.pub.pem', () => disaster, 'ceremony_refused');
    await rm(join(folder, 'cold-master-a.crt.pem'));
    expect(await check()).toBe('ceremony_refused');
  });
});

describe('a plan', () => {
  it('gives no single person what takes two', async () => {
    const refused = (change: object) => refusalOf(() => parseCeremonyPlan({ ...plan, ...change }));
    const officers = (...people: [string, string][]) => ({
      officers: people.map(([person, role]) => ({ person, role })),
    });
    expect(await refused({})).toBe('accepted');
    expect(await refused(officers(['Anna', 'cold-master-a'], ['Anna', 'cold-master-b']))).toBe(
      'ceremony_refused',
    );
    expect(await refused(officers(['Anna', 'cold-master-a']))).toBe('ceremony_refused');
    expect(
      await refused(
        officers(
          ['Anna', 'cold-master-a'],
          ['Bert', 'cold-master-b'],
          ['Carl', 'backup-master-a'],
          ['Anna', 'backup-master-b'],
        ),
      ),
    ).toBe('ceremony_refused');
    expect(await refused(officers(['Anna', 'manifest-officer'], ['Anna', 'manifest-officer']))).toBe(
      'ceremony_refused',
    );
    expect(await refused({ disaster: { threshold: 2, holders: ['A', 'B', 'C'] } })).toBe('ceremony_refused');
    expect(await refused({ disaster: { threshold: 4, holders: ['A', 'B', 'C'] } })).toBe('ceremony_refused');
    expect(await refused({ disaster: { threshold: 3, holders: ['A', 'B', 'B'] } })).toBe('ceremony_refused');
    expect(await refused({ officers: [], disaster: null })).toBe('ceremony_refused');
    expect(await refused({ officerDays: 0 })).toBe('document_malformed');
    expect(await refused(officers(['Anna', 'root']))).toBe('document_malformed');
  });
});
