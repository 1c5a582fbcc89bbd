import { basename, join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { NETWORK_NAMES, parseNetworkName } from '../../bitcoin/index.ts';
import { parseSignedManifest, parseSigningBundle } from '../../intents/index.ts';
import {
  fingerprintWords,
  type MasterPrivateKey,
  type MasterPublicKey,
  type Masters,
} from '../../keyring/index.ts';
import { describeError, systemClock } from '../../shared/index.ts';
import {
  attestsBy,
  checkBundle,
  describeManifest,
  describeVerified,
  generateKeys,
  initStation,
  inspectBundle,
  loadManifest,
  manifestInForce,
  openStation,
  parseCredentialPin,
  parseRegistrationFile,
  pinCredential,
  readDocument,
  registerWallet,
  requireConfirmation,
  requireCurrentMasters,
  requireSignable,
  signBundle,
  unlockStation,
  writeDocument,
  type SignableBundle,
  type Station,
  type StationRole,
} from '../../station/index.ts';
import { askText } from '../terminal/ask.ts';
import { openKeyFile, readText, withPassphrase } from '../terminal/key-files.ts';
import { progress } from '../terminal/progress.ts';
import { registerCeremony } from './ceremony.ts';
import { registerBackups } from './station-backups.ts';

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
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

async function register(directory: string, files: readonly string[]): Promise<void> {
  const station = await openStation(directory);
  for (const file of files) {
    const { registration, descriptor, ownKey } = await registerWallet(
      station,
      parseRegistrationFile(await readDocument(file)),
    );
    say(
      `Pinned the wallet ${registration.wallet} (${registration.plan}) of ${registration.customer ?? 'the institution'}.`,
      `  ${descriptor.text}`,
      ownKey === null
        ? '  None of its keys is of this station: it is pinned for its credentials.'
        : `  The key ${ownKey.statement.origin} is of this station.`,
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

async function inspect(directory: string, files: readonly string[]): Promise<void> {
  const station = await openStation(directory);
  for (const file of files) {
    const bundle = parseSigningBundle(await readDocument(file));
    const { lines, refusal } = await inspectBundle(station, bundle, systemClock.nowMs());
    say(file, ...lines.map((line) => `  ${line}`));
    if (refusal === null) continue;
    say(`  REFUSED (${refusal.code}): ${refusal.text}`);
    process.exitCode = 1;
  }
}

interface SignOptions {
  readonly innerKey: string;
  readonly outerKey: string;
  readonly innerPassphraseFile?: string;
  readonly outerPassphraseFile?: string;
  readonly out: string;
  readonly confirm?: string[];
}

interface Confirmed {
  readonly file: string;
  readonly signable: SignableBundle;
}

/** Checks one file, shows it and has it confirmed; a refusal is said and leaves the others to be signed. */
async function confirmFile(
  station: Station,
  file: string,
  given: string | undefined,
): Promise<Confirmed | undefined> {
  try {
    const bundle = parseSigningBundle(await readDocument(file));
    const signable = await requireSignable(station, await checkBundle(station, bundle, systemClock.nowMs()));
    say(
      file,
      ...describeVerified(bundle, signable.verified, await manifestInForce(station)).map(
        (line) => `  ${line}`,
      ),
    );
    const typed =
      given ?? (await askText('  Type the last four digits of what leaves, in satoshis: ', '--confirm'));
    requireConfirmation(signable.verified, typed);
    return { file, signable };
  } catch (thrown) {
    refused(file, thrown);
    return undefined;
  }
}

function refused(file: string, thrown: unknown): void {
  process.stderr.write(`${file}: refused: ${describeError(thrown)}\n`);
  process.exitCode = 1;
}

async function openMasters(options: SignOptions): Promise<Masters<MasterPrivateKey>> {
  const { innerKey, outerKey, innerPassphraseFile, outerPassphraseFile } = options;
  return {
    inner: await openKeyFile(innerKey, 'the inner master', innerPassphraseFile),
    outer: await openKeyFile(outerKey, 'the outer master', outerPassphraseFile),
  };
}

async function sign(directory: string, files: readonly string[], options: SignOptions): Promise<void> {
  const station = await openStation(directory);
  const confirmed: Confirmed[] = [];
  for (const [position, file] of files.entries()) {
    const checked = await confirmFile(station, file, options.confirm?.[position]);
    if (checked !== undefined) confirmed.push(checked);
  }
  if (confirmed.length === 0) return;
  requireCurrentMasters(station, systemClock.nowMs());
  const masters = await openMasters(options);
  const onFile = progress('Files signed', confirmed.length);
  for (const [position, { file, signable }] of confirmed.entries()) {
    try {
      // Anew: an earlier file of this run may have paid the same intent.
      await requireSignable(station, signable);
      const out = join(options.out, `${basename(file, '.json')}.signed.json`);
      await writeDocument(out, await signBundle(station, signable, masters));
      say(out);
    } catch (thrown) {
      refused(file, thrown);
    }
    onFile(position + 1);
  }
}

/** `trilock station …`: the offline program. It opens no socket and starts nothing. */
export function registerStation(trilock: Command): void {
  const station = trilock
    .command('station')
    .description('the offline signing program: make keys, check, sign');
  registerCeremony(station);
  registerBackups(station);
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
    .command('register-wallet <directory> <files...>')
    .description('pin wallets by their registration files')
    .action(register);
  station
    .command('pin-credential <directory> <files...>')
    .description('pin further credentials of customers, each signed with one that is pinned already')
    .action(pin);
  station
    .command('inspect <directory> <files...>')
    .description('say in plain words what bundles would do; status 1 when one is refused')
    .action(inspect);
  station
    .command('sign <directory> <files...>')
    .description('check, show, ask and sign; status 1 when a file was refused')
    .requiredOption('--inner-key <file>', 'key file of the first holder')
    .requiredOption('--outer-key <file>', 'key file of the second holder')
    .option('--inner-passphrase-file <file>', 'instead of asking')
    .option('--outer-passphrase-file <file>', 'instead of asking')
    .option('--out <directory>', 'where signed files go', '.')
    .option(
      '--confirm <digits...>',
      'last digits of the amounts in the order of the files, instead of asking',
    )
    .action(sign);
}
