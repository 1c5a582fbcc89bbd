import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  encodeOfficerKey,
  issueCertificate,
  issueRoot,
  keyIdOf,
  sealEnvelope,
  sealForDisaster,
  splitKey,
  type CertificateRole,
} from '../../src/keyring/index.ts';
import { postgresUrl } from '../../src/postgres/index.ts';
import { sealShare } from '../../src/station/disaster-share.ts';
import type { DrillAnswer, DrillRequest } from '../../src/recovery/index.ts';
import { fixtureMaster, fixtureMasters } from '../fixtures/masters.ts';
import { temporaryRoot } from '../station/offices.ts';
import { CustodyHouse } from '../wallets/custody-house.ts';

const LAUNCHER = join(import.meta.dirname, '../../src/main/trilock.mjs');
/** At a site there is no network: where the kernel lets us, there is none. */
const OFFLINE = spawnSync('unshare', ['-rn', 'true']).status === 0 ? ['unshare', '-rn'] : [];
const PASSPHRASE = 'marble otter kiosk vivid lunar fence';

let root: string;
let house: CustodyHouse;
const path = (...names: string[]): string => join(root, ...names);
const json = async (name: string): Promise<unknown> => JSON.parse(await readFile(path(name), 'utf8'));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(prefix: readonly string[], env: object, words: readonly string[]): Promise<Outcome> {
  const [program = '', ...rest] = [...prefix, process.execPath, LAUNCHER, 'drill', ...words];
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TRILOCK_|DATABASE_URL)/.test(name));
  return promisify(execFile)(program, rest, { env: { ...Object.fromEntries(inherited), ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failed: unknown) => failed as Outcome,
  );
}

const atSite = (...words: string[]): Promise<Outcome> => run(OFFLINE, {}, words);
const online = (...words: string[]): Promise<Outcome> =>
  run(
    [],
    {
      DATABASE_URL: postgresUrl(house.scene.database.app),
      TRILOCK_NETWORK: 'regtest',
      TRILOCK_LEDGER_SOCKET: path('no-ledger.socket'),
    },
    words,
  );

/** Officers' files: PKCS#12 under a root, as a ceremony makes them. */
async function writeOfficers(): Promise<void> {
  const nowMs = Date.now();
  const rootKey = fixtureMaster('key-6');
  const certificate = issueRoot({ institution: 'Bank', person: 'Root', nowMs, days: 30 }, rootKey);
  const issuer = { certificate, key: rootKey };
  const officers: [string, Exclude<CertificateRole, 'root'>][] = [
    ['key-1', 'cold-master-a'],
    ['key-2', 'cold-master-b'],
  ];
  for (const [name, role] of officers) {
    const key = fixtureMaster(name);
    const own = issueCertificate({ person: 'Anna', role, nowMs, days: 9 }, key, issuer);
    const file = encodeOfficerKey({ key, certificate: own, root: certificate }, Buffer.from(PASSPHRASE));
    await writeFile(path(`${role}.p12`), file);
  }
}

/** Any three of four shares of the disaster key. */
async function writeShares(): Promise<void> {
  const key = fixtureMaster('key-5');
  for (const [at, share] of (await splitKey(key, 3, 4)).entries()) {
    const head = {
      ...({ purpose: 'share of the disaster key', version: 1, network: 'regtest' } as const),
      ...{ institution: 'Bank', key: key.fingerprint, threshold: 3, number: at + 1, of: 4 },
      holder: `officer ${at + 1}`,
    };
    await writeFile(
      path(`share-${at + 1}.json`),
      JSON.stringify(sealShare(head, share, Buffer.from(PASSPHRASE))),
    );
  }
}

async function fillSite(): Promise<void> {
  await mkdir(path('site'));
  for (const { entropy, attestation } of house.poolKeys) {
    const { role, xpub, origin, network } = attestation.statement;
    if (role !== 'cold') continue;
    const context = { keyId: keyIdOf(xpub), role, fingerprint: origin.slice(1, 9), network };
    const secret = Buffer.from(entropy);
    const blobs = {
      envelope: sealEnvelope(secret, context, fixtureMasters('key-1', 'key-2')),
      disaster: sealForDisaster(secret, context, fixtureMaster('key-5')),
    };
    for (const [ending, blob] of Object.entries(blobs))
      await writeFile(path('site', `${context.keyId}.${ending}`), blob);
  }
}

beforeAll(async () => {
  root = await temporaryRoot();
  house = await CustodyHouse.open();
  await house.vault();
  await fillSite();
  await writeOfficers();
  await writeShares();
  await writeFile(path('passphrase'), PASSPHRASE, { mode: 0o600 });
});
afterAll(async () => {
  await house.close();
  await rm(root, { recursive: true, force: true });
});

describe('trilock drill', () => {
  const prove = (out: string, ...openers: string[]): Promise<Outcome> =>
    atSite(
      ...['prove', path('drill.json'), '--site', path('site'), '--name', 'site B', '--role', 'cold'],
      ...['--out', path(out), ...openers],
    );

  it('plans, proves with the officers’ PKCS#12 files at a site without a network, records, and shows how it stands', async () => {
    const planned = await online('plan', '--count', '5', '--out', path('drill.json'));
    expect(planned).toMatchObject({ code: 0 });
    const request = (await json('drill.json')) as DrillRequest;
    expect(request.wallets).toHaveLength(1);
    const proved = await prove(
      'answer.json',
      ...['--master', path('cold-master-b.p12'), path('cold-master-a.p12')],
      ...['--master-passphrase-file', path('passphrase'), path('passphrase')],
    );
    expect(proved.stdout).toContain('1 of 1 cold keys signed for their addresses');
    const recorded = await online('record', path('answer.json'));
    expect(recorded).toMatchObject({ code: 0 });
    expect(recorded.stdout).toContain('1 proofs recorded, 0 known before, 0 failures.');
    // Backup and platform keys are still to be proved, and the wallet was opened long ago.
    const status = await online('status');
    expect(status).toMatchObject({ code: 1 });
    expect(status.stdout).toMatch(/^1 wallets; 1 were not proved for more than 90 days\.\n0 drills wait/);
  });

  it('proves by the shares of enough officers too', async () => {
    const numbers = [1, 3, 4];
    const enough = await prove(
      'by-shares.json',
      ...['--share', ...numbers.map((number) => path(`share-${number}.json`))],
      ...['--share-passphrase-file', ...numbers.map(() => path('passphrase'))],
    );
    expect(enough).toMatchObject({ code: 0 });
    expect(((await json('by-shares.json')) as DrillAnswer).proofs).toHaveLength(1);
  });
});
