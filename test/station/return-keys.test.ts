import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keyTransportDigest, type KeyTransport } from '../../src/intents/index.ts';
import { keyIdOf, openForTransport, sealEnvelope } from '../../src/keyring/index.ts';
import { isDomainError, newId } from '../../src/shared/index.ts';
import { checkKeyTransport, registerWallet, returnKeys } from '../../src/station/index.ts';
import { attestedKey, registeredWallet, type TestWallet } from '../fixtures/custody.ts';
import { fixtureMaster } from '../fixtures/masters.ts';
import { ed25519Signer, type TestSigner } from '../fixtures/signing-keys.ts';
import { mastersOf, stationHouse, temporaryRoot, type StationHouse } from './offices.ts';

let root: string;
let site: string;
let all: StationHouse;
let wallet: TestWallet;
const recipient = fixtureMaster('key-6');

function contextOf({ statement }: TestWallet['keys'][number]['attestation']) {
  const { xpub, origin, network } = statement;
  return { keyId: keyIdOf(xpub), role: 'platform', fingerprint: origin.slice(1, 9), network };
}

beforeAll(async () => {
  root = await temporaryRoot();
  all = await stationHouse(root, 2);
  wallet = registeredWallet(all.house, 'vault', { keys: { cold: all.keys[0]! } });
  await registerWallet(all.station, wallet);
  site = join(root, 'signer-site');
  await mkdir(site);
  const { entropy, attestation } = platformKey();
  const context = contextOf(attestation);
  const blob = sealEnvelope(entropy, context, mastersOf('cold'));
  await writeFile(join(site, `platform-${context.keyId}.envelope`), blob);
});
afterAll(() => rm(root, { recursive: true, force: true }));

function platformKey() {
  return wallet.keys.find(({ attestation }) => attestation.statement.role === 'platform')!;
}

function asked(
  change: Partial<KeyTransport['statement']> = {},
  by: TestSigner = all.house.attesters.platform,
): KeyTransport {
  const { xpub, origin } = platformKey().attestation.statement;
  const statement: KeyTransport['statement'] = {
    purpose: 'key transport',
    network: 'regtest',
    customer: wallet.registration.customer ?? '',
    restriction: newId('restriction'),
    intentHash: 'ab'.repeat(32),
    readyAt: '2026-06-04T12:00:00.000Z',
    keys: [{ wallet: wallet.id, xpub, origin }],
    spki: recipient.spki.toString('base64url'),
    ...change,
  };
  return { statement, attestedBy: by.publicKey, signature: by.sign(keyTransportDigest(statement)) };
}

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'accepted';
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    return thrown.code;
  }
}

it('a platform key leaves the station sealed to the signer that asked, and to nobody else', async () => {
  const request = await checkKeyTransport(all.station, asked());
  const [key] = await returnKeys(all.station, request, site, mastersOf('cold'));
  const { entropy, attestation } = platformKey();
  const envelope = Buffer.from(key!.envelope, 'base64url');
  expect(openForTransport(envelope, contextOf(attestation), recipient).equals(entropy)).toBe(true);
  const open = (name: string) => openForTransport(envelope, contextOf(attestation), fixtureMaster(name));
  const elsewhere = () => Promise.resolve().then(() => open('key-5'));
  expect(await codeOf(elsewhere)).toBe('envelope_for_other_masters');
  expect(await codeOf(() => returnKeys(all.station, request, site, mastersOf('backup')))).toBe(
    'envelope_for_other_masters',
  );
});

it('no stranger gets one, nor a signer for another customer, another key or another network', async () => {
  const refusal = (document: unknown) => codeOf(() => checkKeyTransport(all.station, document));
  expect(await refusal(asked({}, ed25519Signer()))).toBe('transport_by_stranger');
  expect(await refusal(asked({ customer: all.house.customers[1].id }))).toBe('key_not_of_wallet');
  expect(await refusal(asked({ network: 'signet' }))).toBe('intent_wrong_network');
  const signed = asked();
  const moved = {
    ...signed,
    statement: { ...signed.statement, spki: fixtureMaster('key-5').spki.toString('base64url') },
  };
  expect(await refusal(moved)).toBe('signature_wrong');
  const other = attestedKey('another', 'platform', all.house.attesters.platform).attestation.statement;
  const keys = [{ wallet: wallet.id, xpub: other.xpub, origin: other.origin }];
  expect(await refusal(asked({ keys }))).toBe('key_not_of_wallet');
  const cold = all.keys[0]!.attestation.statement;
  const coldKeys = [{ wallet: wallet.id, xpub: cold.xpub, origin: cold.origin }];
  expect(await refusal(asked({ keys: coldKeys }))).toBe('key_not_of_wallet');
});
