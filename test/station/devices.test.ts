import { readFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatKeyOrigin, verifyKeyRecord } from '../../src/bitcoin/index.ts';
import {
  deviceToken,
  isDeviceKey,
  keyStatementDigest,
  verifyKeyAttestation,
  type KeyAttestation,
} from '../../src/intents/index.ts';
import type { AttestationKey } from '../../src/keyring/index.ts';
import {
  attestDeviceKey,
  challengeDevice,
  deviceAttestation,
  deviceOf,
  isOwnDeviceKey,
  unlockStation,
  type Station,
} from '../../src/station/index.ts';
import { decryptKeyRecord, readDeviceExport } from '../../src/station/device-export.ts';
import { rsaSigner } from '../fixtures/signing-keys.ts';
import { HardwareWallet } from '../fixtures/hardware-wallet.ts';
import { newStation, PASSPHRASE, temporaryRoot } from './offices.ts';

let root: string;
let station: Station;
let attestationKey: AttestationKey;
const name = 'Coldcard of Anna';

beforeAll(async () => {
  root = await temporaryRoot();
  station = await newStation(root, 'cold');
  attestationKey = await unlockStation(station, PASSPHRASE);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

const verify = (attestation: KeyAttestation) =>
  verifyKeyAttestation(attestation, [station.attestationKey], 'regtest');

describe('published key records and exports', () => {
  const vectors = new URL('../vectors/hardware/', import.meta.url);
  const read = (file: string): Promise<string> => readFile(new URL(file, vectors), 'utf8');

  it('reads and verifies the key records of BIP129, encrypted ones too', async () => {
    interface Record {
      readonly token: string;
      readonly record: string;
      readonly signature: string;
      readonly encrypted?: string;
    }
    const records = JSON.parse(await read('bip-0129.json')) as Record[];
    expect(records).toHaveLength(4);
    for (const { token, record, signature, encrypted } of records) {
      const expected = /\[([0-9a-f]{8})/.exec(record)![1];
      expect(verifyKeyRecord(record, signature, 'mainnet')).toMatchObject({
        token,
        origin: { fingerprint: expected },
      });
      const { key } = readDeviceExport(encrypted ?? `${record}\n${signature}\n`, 'mainnet', token);
      expect(key.origin.fingerprint).toBe(expected);
      if (encrypted === undefined) continue;
      expect(decryptKeyRecord(encrypted, token)).toBe(`${record}\n${signature}`);
      expect(await refusalOf(() => decryptKeyRecord(encrypted, 'a1'.repeat(8)))).toBe(
        'device_file_malformed',
      );
      for (const changed of [record.replace('Signer', 'Sinner'), record.replace(token, 'b2'.repeat(8))])
        expect(await refusalOf(() => verifyKeyRecord(changed, signature, 'mainnet'))).toBe(
          'message_signature_invalid',
        );
    }
  });

  it('reads the multisig and the generic export of a Coldcard', async () => {
    const expected = [
      [
        'coldcard-multisig.json',
        '[eb16731f/48h/0h/0h/2h]',
        'xpub6EDGQQeB1xq53HBg5tgwPvoHjjgEAXhcKujKUrZ51SLnFjcip5ZoNYUw3Hz41RDTLua9kPPk4cgXjEVKUoN8mtUuQtGU8BBUHa8Vsrd6k7o',
      ],
      [
        'coldcard-generic.json',
        '[0f056943/48h/0h/123h/2h]',
        'xpub6EkcQSTygvxVneXmk3ywiS2PFhBdiPxeMxYf6RFxHCHH36NxdcN7DjUpudCppAAxs58CG6DQLjtqZNmyC3MpgVob6wpdeATjpZZ1woX92EF',
      ],
    ] as const;
    for (const [file, origin, xpub] of expected) {
      const { key, proof } = readDeviceExport(await read(file), 'mainnet', '00');
      expect(proof).toBeNull();
      expect([formatKeyOrigin(key.origin), key.xpub.text]).toEqual([origin, xpub]);
    }
  });
});

describe('a key in a hardware wallet', () => {
  it('is attested when the device signed the text that names the statement', async () => {
    const device = new HardwareWallet('text');
    const exported = device.coldcardExport();
    const { text, path, statement } = challengeDevice(deviceOf(station, name), exported);
    expect(text).toMatch(/^Trilock key [0-9a-f]{64}$/);
    expect(path).toBe('m/48h/1h/0h/2h/0/0');
    const attestation = await attestDeviceKey(
      station,
      { name, exported, signed: device.signedText(text) },
      attestationKey,
    );
    expect(attestation.statement).toEqual(statement);
    expect(isDeviceKey(attestation)).toBe(true);
    expect((await verify(attestation)).xpub.text).toBe(device.accountKey.xpub.text);
    expect(await isOwnDeviceKey(station, attestation)).toBe(true);
  });

  it('is attested by its key record, of the session for this role and this device alone', async () => {
    const device = new HardwareWallet('record');
    const exported = device.keyRecord(deviceToken(deviceOf(station, name)));
    const attestation = await attestDeviceKey(station, { name, exported }, attestationKey);
    expect(attestation.possession).toMatchObject({ form: 'record' });
    await verify(attestation);
    const backup = await newStation(root, 'backup');
    for (const token of [
      '00',
      deviceToken(deviceOf(station, 'another')),
      deviceToken(deviceOf(backup, name)),
    ]) {
      const other = new HardwareWallet(`record ${token}`).keyRecord(token);
      expect(await refusalOf(() => attestDeviceKey(station, { name, exported: other }, attestationKey))).toBe(
        'possession_proof_invalid',
      );
    }
  });

  it('is refused when another key, another text or nobody signed', async () => {
    const device = new HardwareWallet('refused');
    const exported = device.expression;
    const { text } = challengeDevice(deviceOf(station, name), exported);
    const attest = (signed?: string) =>
      refusalOf(() =>
        attestDeviceKey(
          station,
          { name, exported, ...(signed === undefined ? {} : { signed }) },
          attestationKey,
        ),
      );
    expect(await attest()).toBe('device_proof_missing');
    expect(await attest(new HardwareWallet('thief').signedText(text))).toBe('possession_proof_invalid');
    expect(await attest(device.signedText(`${text} `))).toBe('possession_proof_invalid');
    expect(await attest(device.signedText(text, 0, 1))).toBe('possession_proof_invalid');
    expect(await attest('no signature at all')).toBe('device_file_malformed');
    expect(await attest(device.signedText(text))).toBe('accepted');
    // The same again is fine; under another name it would be a second key.
    expect(await attest(device.signedText(text))).toBe('accepted');
    const renamed = { name: 'Trezor of Bert', exported };
    const { text: other } = challengeDevice(deviceOf(station, renamed.name), exported);
    expect(
      await refusalOf(() =>
        attestDeviceKey(station, { ...renamed, signed: device.signedText(other) }, attestationKey),
      ),
    ).toBe('device_key_known');
  });

  it('is refused in files that are none, of another network, path or with a private key', async () => {
    const read = (text: string) => refusalOf(() => challengeDevice(deviceOf(station, name), text));
    const device = new HardwareWallet('files');
    expect(await read('{')).toBe('device_file_malformed');
    expect(await read('{"xfp":"0F056943"}')).toBe('device_file_malformed');
    expect(await read('ab'.repeat(200))).toBe('device_file_malformed');
    expect(await read('BSMS 1.0\n00')).toBe('message_signature_malformed');
    expect(await read(new HardwareWallet('main', 'mainnet').coldcardExport())).toBe(
      'extended_key_wrong_network',
    );
    expect(await read(device.expression.replace('/2h]', '/1h]'))).toBe('derivation_path_unsupported');
    const secret =
      'tprv8ZgxMBicQKsPd7Uf69XL1XwhmjHopUGep8GuEiJDZmbQz6o58LninorQAfcKZWARbtRtfnLcJ5MQ2AtHcQJCCRUcMRvmDUjyEmNUWwx8UbK';
    expect(await read(`[0f056943/48h/1h/0h/2h]${secret}`)).toBe('private_key_refused');
  });

  it('of a customer is attested by the customer’s credential', async () => {
    const device = new HardwareWallet('customer');
    const credential = rsaSigner('key-1');
    const owner = { network: 'regtest', role: 'customer', source: 'Ada, Trezor' } as const;
    const { text } = challengeDevice(owner, device.expression);
    const files = { exported: device.expression, signed: device.signedText(text) };
    const attestation = await deviceAttestation(owner, files, credential);
    await verifyKeyAttestation(attestation, [credential.publicKey], 'regtest');
    // What was proved for one role is no proof for another.
    const { possession } = attestation;
    const cold = {
      ...attestation,
      statement: { ...attestation.statement, role: 'cold' as const },
      possession,
    };
    const strangers = { ...cold, signature: credential.sign(keyStatementDigest(cold.statement)) };
    expect(await refusalOf(() => verifyKeyAttestation(strangers, [credential.publicKey], 'regtest'))).toBe(
      'possession_proof_invalid',
    );
  });
});
