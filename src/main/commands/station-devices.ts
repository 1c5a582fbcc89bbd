import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describeVerified, deviceToken, type KeyAttestation } from '../../intents/index.ts';
import { writeNewFile } from '../../keyring/index.ts';
import { deviceFiles } from '../../recovery/index.ts';
import { systemClock } from '../../shared/index.ts';
import {
  attestDeviceKey,
  bundleFromDevice,
  challengeDevice,
  checkBundle,
  deviceOf,
  type DeviceOwner,
  encodeBundle,
  manifestInForce,
  openStation,
  pinnedWallet,
  psbtForDevice,
  readBundleFile,
  requireConfirmation,
  requireForDevice,
  unlockStation,
  writeDocument,
  type Station,
} from '../../station/index.ts';
import { askText } from '../terminal/ask.ts';
import { readText, withPassphrase } from '../terminal/key-files.ts';
import { psbtFrom } from './recovery-inputs.ts';
import { DISASTER_OPTION } from './station-sign.ts';

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Says what a device must sign. */
export async function sayChallenge(owner: DeviceOwner, file: string | undefined): Promise<void> {
  const token = `Token for a key record (BIP129): ${deviceToken(owner)}`;
  if (file === undefined) {
    say(token);
    return;
  }
  const { statement, text, path } = challengeDevice(owner, await readText(file));
  say(
    token,
    `The key ${statement.origin} is to become a ${statement.role} key of “${statement.source}”.`,
    `Or let the device sign this text by its key at ${path}:`,
    text,
  );
}

interface ChallengeOptions {
  readonly name: string;
  readonly export?: string;
}

async function challenge(directory: string, options: ChallengeOptions): Promise<void> {
  await sayChallenge(deviceOf(await openStation(directory), options.name), options.export);
}

interface ImportOptions {
  readonly name: string;
  readonly signed?: string;
  readonly out: string;
  readonly passphraseFile?: string;
}

async function importKey(directory: string, file: string, options: ImportOptions): Promise<void> {
  const station = await openStation(directory);
  const signed = options.signed === undefined ? {} : { signed: await readText(options.signed) };
  const wishes = { name: options.name, exported: await readText(file), ...signed };
  const attestation = await withPassphrase(
    'this station',
    { file: options.passphraseFile },
    async (passphrase): Promise<KeyAttestation> =>
      attestDeviceKey(station, wishes, await unlockStation(station, passphrase)),
  );
  await writeDocument(options.out, [attestation]);
  say(
    `The device has proved to hold ${attestation.statement.origin}; the pool file with it is ${options.out}.`,
    'Its recovery words are the only backup of this key: no site has a copy.',
  );
}

async function files(directory: string, wallet: string, { out }: { readonly out: string }): Promise<void> {
  const { descriptor } = await pinnedWallet(await openStation(directory), wallet);
  await mkdir(out, { recursive: true });
  for (const { name, content } of deviceFiles(descriptor, wallet)) {
    await writeNewFile(join(out, name), Buffer.from(content));
    say(join(out, name));
  }
}

/** What is asked of signing apart from the files. */
const occasionOf = ({ disaster }: { readonly disaster?: string }) => ({
  nowMs: systemClock.nowMs(),
  disaster,
});

/** A device signs one transaction at a time: of the fee variants the first, and is shown no other. */
async function checked(station: Station, file: string) {
  const { variants, ...first } = await readBundleFile(file);
  return checkBundle(station, first, systemClock.nowMs());
}

interface PsbtOptions {
  readonly disaster?: string;
  readonly out: string;
  readonly confirm?: string;
}

async function psbt(directory: string, file: string, options: PsbtOptions): Promise<void> {
  const station = await openStation(directory);
  const bundle = await checked(station, file);
  await requireForDevice(station, bundle, occasionOf(options));
  const manifest = await manifestInForce(station);
  say(...describeVerified(bundle.bundle, bundle.verified, manifest, systemClock.nowMs()));
  const question = 'Type the last four digits of what leaves, in satoshis: ';
  requireConfirmation([bundle.verified], options.confirm ?? (await askText(question, '--confirm')));
  await writeNewFile(options.out, await psbtForDevice(station, bundle, occasionOf(options)));
  say(`For the device, which must show the same: ${options.out}`);
}

async function signed(
  directory: string,
  file: string,
  psbtFile: string,
  { out }: { readonly out: string },
): Promise<void> {
  const station = await openStation(directory);
  const bundle = await bundleFromDevice(station, await checked(station, file), await psbtFrom(psbtFile));
  await writeNewFile(out, encodeBundle(bundle, 'json'));
  say(`Signed: ${out}`);
}

/** `trilock station device …`: keys of this station's role that a hardware wallet holds. */
export function registerDevices(station: Command): void {
  const device = station
    .command('device')
    .description('keys in hardware wallets (Coldcard, Trezor, Ledger and others) in place of wrapped ones');
  device
    .command('challenge <directory>')
    .description('say what a device must sign to prove that it holds a key')
    .requiredOption('--name <name>', 'what the device is called: part of what is attested')
    .option('--export <file>', 'what it has written of its key: a JSON export, or [fingerprint/path]xpub')
    .action(challenge);
  device
    .command('import <directory> <export>')
    .description('attest a key that a device has proved to hold, as a pool file')
    .requiredOption('--name <name>', 'as in the challenge')
    .option('--signed <file>', 'the signed text; not needed with a key record of BIP129')
    .requiredOption('--out <file>', 'where the pool file goes')
    .option('--passphrase-file <file>', 'of the station, instead of asking')
    .action(importKey);
  device
    .command('files <directory> <wallet>')
    .description(
      'write what devices register of a pinned wallet: Coldcard text, BIP388 policy, BIP129 record',
    )
    .requiredOption('--out <directory>', 'where they go')
    .action(files);
  device
    .command('psbt <directory> <bundle>')
    .description('check, show and ask as for signing, and write the PSBT for the device')
    .requiredOption('--out <file>', 'where it goes')
    .option('--confirm <digits>', 'last digits of the amount, instead of asking')
    .option('--disaster <reason>', DISASTER_OPTION)
    .action(psbt);
  device
    .command('signed <directory> <bundle> <psbt>')
    .description('put the signatures of the device into the bundle')
    .requiredOption('--out <file>', 'where the signed bundle goes')
    .action(signed);
}
