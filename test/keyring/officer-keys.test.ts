import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  certificatePem,
  encodeOfficerKey,
  fingerprintWords,
  issueCertificate,
  issueRoot,
  joinShares,
  openOfficerKey,
  readCertificate,
  requireCurrent,
  requireIssuedBy,
  requireOfficerPassphrase,
  requireRole,
  splitKey,
  type CertificateRole,
  type OfficerCertificate,
} from '../../src/keyring/index.ts';
import { fixtureMaster } from '../fixtures/masters.ts';
import { expectRefusal, refusalCode } from './refusals.ts';

const DAY_MS = 86_400_000;
const nowMs = Date.parse('2026-06-01T12:00:00Z');
const institution = 'Bank of Examples';
const PASSPHRASE = Buffer.from('six dice words, größer als 🔑');

const rootKey = fixtureMaster('key-5');
const root = issueRoot({ institution, person: 'Root', nowMs, days: 3650 }, rootKey);
const issued = (role: Exclude<CertificateRole, 'root'>, key = 'key-1', days = 365): OfficerCertificate =>
  issueCertificate({ person: 'Zoë Müller', role, nowMs, days }, fixtureMaster(key), {
    certificate: root,
    key: rootKey,
  });

describe('certificates', () => {
  it('say who holds which key for what, and since when', () => {
    const certificate = issued('cold-master-a');
    expect(readCertificate(certificatePem(certificate))).toEqual(certificate);
    expect(certificate).toMatchObject({ institution, person: 'Zoë Müller', role: 'cold-master-a' });
    expect(certificate.publicKey.fingerprint).toBe(fixtureMaster('key-1').fingerprint);
    expect(certificate.notAfterMs).toBe(nowMs + 365 * DAY_MS);
    requireIssuedBy(certificate, root);
    requireIssuedBy(root, root);
    requireRole(certificate, 'cold-master-a');
    const parsed = new X509Certificate(certificate.der);
    expect(parsed.ca).toBe(false);
    expect(new X509Certificate(root.der).ca).toBe(true);
    expect(issued('cold-master-a').fingerprint).not.toBe(certificate.fingerprint);
  });

  it('are refused outside their time, under another root, in another role', async () => {
    const certificate = issued('cold-master-a');
    requireCurrent(certificate, nowMs);
    await expectRefusal('certificate_expired', () => requireCurrent(certificate, nowMs + 365 * DAY_MS));
    await expectRefusal('certificate_expired', () => requireCurrent(certificate, nowMs - DAY_MS));
    await expectRefusal('certificate_of_another_role', () => requireRole(certificate, 'cold-master-b'));
    const impostor = issueRoot({ institution, person: 'Root', nowMs, days: 3650 }, fixtureMaster('key-6'));
    await expectRefusal('certificate_not_of_institution', () => requireIssuedBy(certificate, impostor));
    // An officer's own certificate issues nothing.
    const forged = issueCertificate(
      { person: 'Mallory', role: 'cold-master-a', nowMs, days: 9 },
      fixtureMaster('key-2'),
      {
        certificate,
        key: fixtureMaster('key-1'),
      },
    );
    await expectRefusal('certificate_not_of_institution', () => requireIssuedBy(forged, root));
    await expectRefusal('certificate_not_of_institution', () => requireIssuedBy(forged, certificate));
  });

  it('never outlive the root, which then issues nothing more', async () => {
    expect(issued('manifest-officer', 'key-2', 5000).notAfterMs).toBe(root.notAfterMs);
    const late = { person: 'Late', role: 'manifest-officer', nowMs: root.notAfterMs - 1, days: 1 } as const;
    await expectRefusal('certificate_expired', () =>
      issueCertificate(late, fixtureMaster('key-2'), { certificate: root, key: rootKey }),
    );
  });

  it('of another kind, changed or without a name are refused', async () => {
    const { der } = issued('cold-master-b');
    for (const text of ['', 'nonsense', der.subarray(0, 100)]) {
      await expectRefusal('certificate_malformed', () => readCertificate(text));
    }
    await expectRefusal('certificate_malformed', () =>
      issueRoot({ institution: '', person: 'Root', nowMs, days: 9 }, rootKey),
    );
    let refused = 0;
    for (let at = 0; at < der.length; at += 37) {
      const flipped = Buffer.from(der);
      flipped[at]! ^= 4;
      const code = refusalCode(() => requireIssuedBy(readCertificate(flipped), root));
      if (code !== 'accepted') refused++;
    }
    expect(refused).toBe(Math.ceil(der.length / 37));
  });
});

describe('an officer’s file', () => {
  const officer = { key: fixtureMaster('key-1'), certificate: issued('cold-master-a'), root };
  let file: Buffer;
  let folder: string;
  beforeAll(async () => {
    file = encodeOfficerKey(officer, PASSPHRASE);
    folder = await mkdtemp(join(tmpdir(), 'trilock-officer-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('opens with its passphrase, and holds key, certificate and root', () => {
    const opened = openOfficerKey(file, PASSPHRASE);
    expect(opened.key.fingerprint).toBe(officer.key.fingerprint);
    expect(opened.certificate).toEqual(officer.certificate);
    expect(opened.root).toEqual(root);
  });

  it('opens with openssl pkcs12, to the same key', async () => {
    if (spawnSync('openssl', ['version']).status !== 0) return;
    const path = join(folder, 'officer.p12');
    await writeFile(path, file, { mode: 0o600 });
    await writeFile(join(folder, 'passphrase'), PASSPHRASE, { mode: 0o600 });
    const openssl = (...words: string[]) =>
      spawnSync(
        'openssl',
        ['pkcs12', '-in', path, '-passin', `file:${join(folder, 'passphrase')}`, ...words],
        {
          encoding: 'utf8',
        },
      );
    const info = openssl('-info', '-noout');
    expect(info.stderr).toMatch(/MAC: sha256, Iteration 200000/);
    expect(info.stderr).toMatch(/PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256/);
    const key = /-----BEGIN PRIVATE KEY-----[^]*-----END PRIVATE KEY-----/.exec(
      openssl('-nodes', '-nocerts').stdout,
    )?.[0];
    expect(createPrivateKey(key ?? '').equals(officer.key.privateKey)).toBe(true);
    expect(openssl('-clcerts', '-nokeys').stdout).toContain(certificatePem(officer.certificate));
    await writeFile(join(folder, 'passphrase'), 'another passphrase');
    expect(openssl('-noout').status).not.toBe(0);
  });

  it('says the same whatever the wrong passphrase', async () => {
    const messages = new Set<string>();
    for (const wrong of ['', 'six dice words, größer als 🔒']) {
      messages.add(
        (await expectRefusal('passphrase_wrong', () => openOfficerKey(file, Buffer.from(wrong)))).message,
      );
    }
    expect(messages.size).toBe(1);
  });

  it('is refused when cut off, changed or of another kind', async () => {
    await expectRefusal('passphrase_weak', () => encodeOfficerKey(officer, Buffer.from('short')));
    for (const text of [
      Buffer.alloc(0),
      Buffer.from('-----BEGIN'),
      file.subarray(0, 900),
      Buffer.concat([file, file]),
    ]) {
      await expectRefusal('pkcs12_malformed', () => openOfficerKey(text, PASSPHRASE));
    }
    for (const at of [300, 2500, file.length - 20]) {
      const flipped = Buffer.from(file);
      flipped[at]! ^= 1;
      expect(['passphrase_wrong', 'pkcs12_malformed']).toContain(
        refusalCode(() => openOfficerKey(flipped, PASSPHRASE)),
      );
    }
  });

  it('is refused with the certificate of another key', async () => {
    const swapped = encodeOfficerKey(
      { ...officer, certificate: issued('cold-master-a', 'key-2') },
      PASSPHRASE,
    );
    await expectRefusal('certificate_of_another_key', () => openOfficerKey(swapped, PASSPHRASE));
  });
});

describe('an officer’s passphrase', () => {
  it('is refused when it is short, expected, repeated or a name', () => {
    const accepted = (text: string): boolean =>
      refusalCode(() => requireOfficerPassphrase(Buffer.from(text), ['Zoë Müller', institution])) ===
      'accepted';
    for (const weak of [
      'correct horse',
      'aaaaaaaaaaaaaaaaaaaaaaaa',
      'abcdefghijklmnopqrstuvwxyz',
      'Qwertyuiop1234567890',
      'ab!ab!ab!ab!ab!ab!ab!ab!',
      'tr1-tr1-tr1-tr1-tr1-',
      'my Examples passphrase 7',
    ]) {
      expect([weak, accepted(weak)]).toEqual([weak, false]);
    }
    for (const strong of ['marble otter kiosk vivid lunar fence', 'x7#Lq0!vTz9@Kd2$Wm']) {
      expect([strong, accepted(strong)]).toEqual([strong, true]);
    }
  });
});

describe('the disaster key', () => {
  const key = fixtureMaster('key-6');

  it('comes back from any three of five shares, and from no two', async () => {
    const shares = await splitKey(key, 3, 5);
    const expected = { threshold: 3, fingerprint: key.fingerprint };
    for (const chosen of [
      [0, 1, 2],
      [4, 2, 0],
      [1, 3, 4],
      [0, 1, 2, 3, 4],
    ]) {
      const joined = await joinShares(
        chosen.map((at) => shares[at]!),
        expected,
      );
      expect(joined.privateKey.equals(key.privateKey)).toBe(true);
    }
    await expectRefusal('shares_too_few', () => joinShares(shares.slice(0, 2), expected));
    await expectRefusal('shares_do_not_fit', () =>
      joinShares(shares.slice(0, 2), { ...expected, threshold: 2 }),
    );
    const other = await splitKey(key, 3, 5);
    await expectRefusal('shares_do_not_fit', () => joinShares([shares[0]!, shares[1]!, other[2]!], expected));
    await expectRefusal('shares_do_not_fit', () =>
      joinShares([shares[0]!, shares[1]!, shares[1]!], expected),
    );
    const flipped = Buffer.from(shares[2]!);
    flipped[100]! ^= 1;
    await expectRefusal('shares_do_not_fit', () => joinShares([shares[0]!, shares[1]!, flipped], expected));
    await expectRefusal('shares_do_not_fit', () =>
      joinShares(shares.slice(0, 3), { ...expected, fingerprint: fixtureMaster('key-1').fingerprint }),
    );
    const der = key.privateKey.export({ format: 'der', type: 'pkcs1' });
    for (const share of shares) expect(share.includes(der.subarray(600, 616))).toBe(false);
  });

  it('needs three officers at least', async () => {
    for (const [threshold, shares] of [
      [2, 5],
      [3, 2],
      [3, 21],
      [2.5, 5],
    ] as const) {
      await expectRefusal('shares_invalid', () => splitKey(key, threshold, shares));
    }
  });
});

describe('words of a fingerprint', () => {
  it('are twelve, and differ with any of their bits', () => {
    expect(fingerprintWords('0'.repeat(64))).toBe(Array.from({ length: 12 }, () => 'abandon').join(' '));
    expect(fingerprintWords('f'.repeat(64))).toBe(Array.from({ length: 12 }, () => 'zoo').join(' '));
    expect(fingerprintWords(`0000000000100000${'0'.repeat(48)}`).split(' ')).toHaveLength(12);
    const texts = new Set(
      Array.from({ length: 33 }, (_, at) => fingerprintWords(`${'0'.repeat(at)}1${'0'.repeat(63 - at)}`)),
    );
    expect(texts.size).toBe(33);
  });
});
