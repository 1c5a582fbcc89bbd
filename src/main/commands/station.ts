import { InvalidArgumentError, type Command } from 'commander';
import { NETWORK_NAMES, parseNetworkName } from '../../bitcoin/index.ts';
import { parseSignedManifest, type KeyAttestation } from '../../intents/index.ts';
import { fingerprintWords, type MasterPublicKey } from '../../keyring/index.ts';
import {
  attestsBy,
  describeManifest,
  generateKeys,
  initStation,
  isOwnDeviceKey,
  loadFreezeStatus,
  loadManifest,
  machineWarnings,
  openStation,
  changeLock,
  parseCredentialPin,
  parseRegistrationFile,
  pinCredential,
  readDocument,
  registerWallet,
  unlockStation,
  writeDocument,
  type Station,
  type StationRole,
} from '../../station/index.ts';
import { readText, withPassphrase } from '../terminal/key-files.ts';
import { progress } from '../terminal/progress.ts';
import { registerCeremony } from './ceremony.ts';
import { registerPlatformWraps } from './platform-wraps.ts';
import { registerEscrowSeed } from './escrow.ts';
import { registerBackups } from './station-backups.ts';
import { registerDevices } from './station-devices.ts';
import { registerKeyReturn } from './station-return.ts';
import { registerSigning } from './station-sign.ts';

function say(...lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 to 999999');
  return value;
}

function roleName(text: string): StationRole {
  if (text !== 'cold' && text !== 'backup') throw new InvalidArgumentError('cold or backup');
  return text;
}

interface InitOptions {
  readonly role: StationRole;
  readonly name: string;
  readonly network: string;
  readonly innerMaster: string;
  readonly outerMaster: string;
  readonly root?: string;
  readonly disasterKey?: string;
  readonly site: string[];
  readonly passphraseFile?: string;
}

function keyLines(what: string, { fingerprint }: MasterPublicKey): string[] {
  return [`${what}: ${fingerprint}`, `  ${fingerprintWords(fingerprint)}`];
}

async function init(directory: string, options: InitOptions): Promise<void> {
  const masters = { inner: await readText(options.innerMaster), outer: await readText(options.outerMaster) };
  const root = options.root === undefined ? {} : { root: await readText(options.root) };
  const disaster = options.disasterKey === undefined ? {} : { disaster: await readText(options.disasterKey) };
  const station = await withPassphrase(
    'this station',
    { file: options.passphraseFile, isNew: true },
    (passphrase) =>
      initStation(directory, {
        role: options.role,
        name: options.name,
        network: parseNetworkName(options.network),
        masters,
        ...root,
        ...disaster,
        sites: options.site,
        passphrase,
      }),
  );
  say(
    `Made the ${station.role} station ${station.name} for ${station.network}.`,
    ...keyLines('Inner master', station.masters.inner),
    ...keyLines('Outer master', station.masters.outer),
    ...(station.disaster === null
      ? ['No disaster key: without both masters these keys are gone.']
      : keyLines('Disaster key', station.disaster)),
    'The manifest names it by this attestation key:',
    JSON.stringify(station.attestationKey),
  );
}

interface GenerateOptions {
  readonly count: number;
  readonly pool: string;
  readonly out: string;
  readonly passphraseFile?: string;
}

async function generate(directory: string, options: GenerateOptions): Promise<void> {
  const { count, pool } = options;
  const station = await openStation(directory);
  const attestationKey = await withPassphrase(
    'this station',
    { file: options.passphraseFile },
    (passphrase) => unlockStation(station, passphrase),
  );
  say(...(await machineWarnings()));
  const onKey = progress('Keys made, wrapped and verified', count);
  const keys = await generateKeys(station, { pool, count, attestationKey, onKey });
  await writeDocument(options.out, keys);
  say(`The public halves of ${keys.length} ${station.role} keys are in ${options.out}.`);
}

async function load(
  directory: string,
  file: string,
  options: { readonly firstHash?: string },
): Promise<void> {
  const station = await openStation(directory);
  const signed = parseSignedManifest(await readDocument(file));
  const { manifest } = await loadManifest(station, signed, options.firstHash);
  say(...describeManifest(manifest));
  if (!attestsBy(station, manifest))
    say('Attention: this manifest does not name this station, so its keys are refused.');
}

async function freezeStatus(directory: string, file: string): Promise<void> {
  const { number, issuedAt, restricted, breaker } = await loadFreezeStatus(
    await openStation(directory),
    await readDocument(file),
  );
  say(
    `Freeze status ${number} of ${issuedAt}: ${restricted.length} customers are frozen.`,
    ...restricted.map((customer) => `  ${customer}`),
    ...(breaker === null ? [] : [`The circuit breaker ${breaker} has tripped: nothing is signed.`]),
  );
}

async function deviceKeyAmong(
  station: Station,
  keys: readonly KeyAttestation[],
): Promise<KeyAttestation | null> {
  for (const key of keys) if (await isOwnDeviceKey(station, key)) return key;
  return null;
}

async function register(directory: string, files: readonly string[]): Promise<void> {
  const station = await openStation(directory);
  for (const file of files) {
    const { registration, descriptor, ownKey } = await registerWallet(
      station,
      parseRegistrationFile(await readDocument(file)),
    );
    const own = ownKey ?? (await deviceKeyAmong(station, registration.keys));
    say(
      `Pinned the wallet ${registration.wallet} (${registration.plan}) of ${registration.customer ?? 'the institution'}.`,
      `  ${descriptor.text}`,
      own === null
        ? '  None of its keys is of this station: it is pinned for its credentials.'
        : `  The key ${own.statement.origin} is of this station${ownKey === null ? ', in a hardware wallet' : ''}.`,
    );
  }
}

async function pin(directory: string, files: readonly string[]): Promise<void> {
  const station = await openStation(directory);
  for (const file of files) {
    const credentialPin = parseCredentialPin(await readDocument(file));
    await pinCredential(station, credentialPin);
    const { customer, credential } = credentialPin.statement;
    say(`Pinned the credential ${credential.id} of ${customer}.`);
  }
}

async function endLock(directory: string, files: readonly string[]): Promise<void> {
  const station = await openStation(directory);
  for (const file of files) {
    const { customer, ended, change } = await changeLock(station, await readDocument(file));
    say(`The master lock ${ended} of ${customer} has ended here: ${change}.`);
  }
}

/** `trilock station …`: the offline program. It opens no socket and starts nothing. */
export function registerStation(trilock: Command): void {
  const station = trilock
    .command('station')
    .description('the offline signing program: make keys, check, sign');
  registerCeremony(station);
  registerBackups(station);
  registerPlatformWraps(station);
  registerEscrowSeed(station);
  station
    .command('init <directory>')
    .description('make a station: its role and its two master keys, for good')
    .requiredOption('--role <role>', 'cold or backup', roleName)
    .requiredOption('--name <name>', 'as its attestations call it')
    .requiredOption('--network <network>', NETWORK_NAMES.join(', '))
    .requiredOption('--inner-master <file>', 'certificate (or public key) of master A, PEM')
    .requiredOption('--outer-master <file>', 'certificate (or public key) of master B, PEM')
    .option('--root <file>', 'the institution’s root certificate, under which both masters’ are')
    .option('--disaster-key <file>', 'public half of the disaster key, PEM; required on mainnet')
    .requiredOption('--site <directory...>', 'where wrapped keys are kept: two places or more')
    .option('--passphrase-file <file>', 'instead of asking')
    .action(init);
  station
    .command('generate <directory>')
    .description('make a pool of keys, wrapped at every site; run it again after an interruption')
    .requiredOption('--count <number>', 'keys that the pool has in the end', wholeNumber)
    .requiredOption('--out <file>', 'where the public halves go')
    .option('--pool <name>', 'name of the pool', 'first')
    .option('--passphrase-file <file>', 'instead of asking')
    .action(generate);
  station
    .command('load-manifest <directory> <file>')
    .description('take the next manifest; the first one with the hash that officers compared')
    .option('--first-hash <hash>', 'hash of manifest 1')
    .action(load);
  station
    .command('freeze-status <directory> <file>')
    .description(
      'take the signer’s newest word on whose accounts are frozen (`withdrawals export`): without one of the last 24 hours nothing is signed',
    )
    .action(freezeStatus);
  station
    .command('register-wallet <directory> <files...>')
    .description('pin wallets by their registration files')
    .action(register);
  station
    .command('change-lock <directory> <files...>')
    .description(
      'end a master lock: its own revocation, the registration of the lock in its place, or the intent by which ' +
        'officers gave it back, 14 days after they approved it (`client approvals fetch`)',
    )
    .action(endLock);
  station
    .command('pin-credential <directory> <files...>')
    .description('pin further credentials of customers, each signed with one that is pinned already')
    .action(pin);
  registerKeyReturn(station);
  registerSigning(station);
  registerDevices(station);
}
