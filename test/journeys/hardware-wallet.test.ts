import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDescriptor, parsePsbt } from '../../src/bitcoin/index.ts';
import { answerByDevice, deviceFiles, deviceTasks, parseDrillRequest } from '../../src/recovery/index.ts';
import { planDrill, recordDrill } from '../../src/drills/index.ts';
import { manifestHash } from '../../src/intents/index.ts';
import {
  attestDeviceKey,
  bundleFromDevice,
  challengeDevice,
  checkBundle,
  deviceOf,
  loadFreezeStatus,
  loadManifest,
  parseRegistrationFile,
  psbtForDevice,
  readSignedText,
  registerWallet,
  requireSignable,
  unlockStation,
  type Station,
} from '../../src/station/index.ts';
import { issueRecoveryKit, readStationRegistration } from '../../src/wallets/index.ts';
import { awaitedBundles, importBundle } from '../../src/withdrawals/index.ts';
import type { AttestedKey } from '../fixtures/custody.ts';
import { HardwareWallet } from '../fixtures/hardware-wallet.ts';
import { signedManifest } from '../fixtures/intents.ts';
import { newStation, PASSPHRASE, temporaryRoot } from '../station/offices.ts';
import { TEST_CAUSE } from '../wallets/custody-house.ts';
import { House, pay, SOMEBODY, type Owner } from '../withdrawals/support/house.ts';

const devices = ['Ledger of Anna', 'Coldcard of Bert'].map(
  (name) => [name, new HardwareWallet(name)] as const,
);
const [, coldcard] = devices[1]!;
let root: string;
let station: Station;
let house: House;
let ada: Owner;

/** The station attests what each device has proved; it never sees a seed. */
async function attestedByStation(): Promise<AttestedKey[]> {
  const attestationKey = await unlockStation(station, PASSPHRASE);
  const keys: AttestedKey[] = [];
  for (const [name, device] of devices) {
    const exported = name.startsWith('Coldcard') ? device.coldcardExport() : device.expression;
    const { text } = challengeDevice(deviceOf(station, name), exported);
    const wishes = { name, exported, signed: device.signedText(text) };
    const attestation = await attestDeviceKey(station, wishes, attestationKey);
    const { entropy, accountKey } = device;
    keys.push({ entropy, accountKey, attestation });
  }
  return keys;
}

beforeAll(async () => {
  root = await temporaryRoot();
  station = await newStation(root, 'cold');
  const sign = (): never => {
    throw new Error('only the station signs with its key');
  };
  const attester = { publicKey: station.attestationKey, sign };
  house = await House.open({ attester, keys: await attestedByStation() });
  ada = await house.owner();
  const { scene } = house.chain.house;
  const { manifest } = scene.house;
  await loadManifest(station, signedManifest(scene.house.house, manifest), manifestHash(manifest));
});
afterAll(async () => {
  await house.close();
  await rm(root, { recursive: true, force: true });
});

test('a vault with a Coldcard as its cold key pays by a PSBT that the device signed, away from the station', async () => {
  const { vault } = ada;
  const file = parseRegistrationFile(await readStationRegistration(house.database, vault.id));
  expect((await registerWallet(station, file)).ownKey).toBeNull();
  await house.deposit(ada, 'vault', 700_000n, 400_000n);
  const { id } = await house.awaitingCosigner(ada, { to: pay(800_000n) });
  const [waiting] = await awaitedBundles(house.parts);
  const occasion = { nowMs: house.parts.clock.nowMs() };
  const checked = await checkBundle(station, waiting!.bundle, occasion.nowMs);
  await expect(requireSignable(station, checked, occasion)).rejects.toMatchObject({
    code: 'own_key_missing',
  });

  await expect(psbtForDevice(station, checked, occasion)).rejects.toMatchObject({
    code: 'freeze_status_missing',
  });
  await loadFreezeStatus(station, (await house.chain.house.signer.freezeStatus({})).status);
  const psbt = await psbtForDevice(station, checked, occasion);
  const wallet = parseDescriptor(vault.descriptor!, 'regtest');
  const signed = parsePsbt(coldcard.sign(psbt, wallet));
  await expect(bundleFromDevice(station, checked, parsePsbt(psbt))).rejects.toMatchObject({
    code: 'device_signature_missing',
  });
  const bundle = await bundleFromDevice(station, checked, signed);
  await importBundle(house.parts, bundle, SOMEBODY);
  await house.carryOn();
  await house.mine();
  await house.later();
  expect(await house.state(id)).toBe('confirmed');
  expect(await house.difference(vault.id)).toBe(0n);
});

test('the files that a device registers name its own key as it does', async () => {
  const { descriptor, id } = ada.vault;
  const files = new Map(
    deviceFiles(parseDescriptor(descriptor!, 'regtest'), id).map(({ name, content }) => [name, content]),
  );
  const { origin, xpub } = coldcard.accountKey;
  expect(files.get('coldcard-multisig.txt')).toContain(`${origin.fingerprint.toUpperCase()}: ${xpub.text}`);
  expect(files.get('coldcard-multisig.txt')).toContain('Policy: 2 of 3\nFormat: P2WSH\n');
  expect(files.get('wallet-policy.json')).toContain(`[${origin.fingerprint}/48'/1'/0'/2']${xpub.text}`);
  expect(files.get('wallet.bsms')).toMatch(/^BSMS 1\.0\nwsh\(sortedmulti\(2,/);
  const { kit } = await issueRecoveryKit(house.chain.house.parts, ada.vault, TEST_CAUSE);
  const own = kit.keys.find((key) => key.xpub === xpub.text);
  expect(own).toMatchObject({ role: 'cold', wrappedCopy: null });
  expect(own?.howObtained).toContain('hardware wallet');
});

test('the device answers recovery drills by a text that it signs, for its own wallet and address alone', async () => {
  const { clock } = house.parts;
  const parts = { database: house.database, clock, network: 'regtest', limitDays: 30 };
  const request = parseDrillRequest(await planDrill(parts, 10, TEST_CAUSE));
  const tasks = deviceTasks(request, 'cold');
  expect(tasks).toHaveLength(2);
  const task = tasks.find(({ wallet }) => wallet === ada.vault.id)!;
  const index = Number(task.path.split('/').at(-1));
  const answer = (signed: string) =>
    answerByDevice(
      request,
      { role: 'cold', wallet: ada.vault.id, signature: readSignedText(signed) },
      'safe of Bert',
      clock.nowMs(),
    );
  for (const wrong of [
    coldcard.signedText(task.text, 0, index + 1),
    coldcard.signedText(`${task.text}.`, 0, index),
    devices[0]![1].signedText(task.text, 0, index),
  ])
    expect(() => answer(wrong)).toThrow(expect.objectContaining({ code: 'message_signature_invalid' }));
  const proof = answer(coldcard.signedText(task.text, 0, index));
  expect(await recordDrill(parts, proof, TEST_CAUSE)).toEqual({ proved: 1, known: 0, failed: [] });
});
