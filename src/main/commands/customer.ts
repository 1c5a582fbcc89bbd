import type { Command } from 'commander';
import { NETWORK_NAMES, parseNetworkName } from '../../bitcoin/index.ts';
import {
  parseSignedManifest,
  parseSigningBundle,
  type CheckedForCustomer,
  type Manifest,
  type SigningBundle,
  describeVerified,
  checkForCustomer,
  followManifests,
} from '../../intents/index.ts';
import { SharedError, systemClock } from '../../shared/index.ts';
import {
  createCustomerKey,
  deviceAttestation,
  parseCustomerKeyFile,
  parseRegistrationFile,
  publicKeyOf,
  readDocument,
  requireConfirmation,
  signatureBy,
  signForCustomer,
  writeDocument,
} from '../../station/index.ts';
import { askText } from '../terminal/ask.ts';
import { openKeyFile, readText, withPassphrase } from '../terminal/key-files.ts';
import { createToLock, signWithLockedKey } from './customer-lock-key.ts';
import { sayChallenge } from './station-devices.ts';

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

interface CreateOptions {
  readonly network: string;
  readonly name: string;
  readonly credentialKey?: string;
  readonly lock?: string;
  readonly credentialPassphraseFile?: string;
  readonly passphraseFile?: string;
  readonly out: string;
  readonly attestation: string;
}

async function create(options: CreateOptions): Promise<void> {
  const network = parseNetworkName(options.network);
  const { credentialKey, credentialPassphraseFile, name, lock, passphraseFile, out, attestation } = options;
  if (lock !== undefined && credentialKey === undefined) {
    const origin = await createToLock({ network, name, lock, passphraseFile, out, attestation });
    say(
      `Your key ${origin} is in ${out}, sealed to your master lock: keep two copies of both files.`,
      `Give ${attestation} to the institution; it holds no secret.`,
    );
    return;
  }
  if (credentialKey === undefined || lock !== undefined) {
    throw new SharedError('config_invalid', 'Give --lock or --credential-key: one of them.');
  }
  const credential = await openKeyFile(credentialKey, 'your credential', credentialPassphraseFile);
  const made = await withPassphrase(
    'the new key',
    { file: options.passphraseFile, isNew: true },
    (passphrase) => createCustomerKey({ network, name, passphrase, credential }),
  );
  await writeDocument(options.out, made.file);
  await writeDocument(options.attestation, made.attestation);
  say(
    `Your key ${made.file.origin} is in ${options.out}: keep two copies and the passphrase.`,
    `Give ${options.attestation} to the institution; it holds no secret.`,
  );
}

interface DeviceOptions {
  readonly network: string;
  readonly name: string;
  readonly export?: string;
  readonly signed?: string;
  readonly credentialKey?: string;
  readonly credentialPassphraseFile?: string;
  readonly attestation?: string;
}

async function device(options: DeviceOptions): Promise<void> {
  const { name, credentialKey, attestation: out } = options;
  const owner = { network: parseNetworkName(options.network), role: 'customer', source: name } as const;
  if (credentialKey === undefined || options.export === undefined || out === undefined) {
    await sayChallenge(owner, options.export);
    return;
  }
  const signed = options.signed === undefined ? {} : { signed: await readText(options.signed) };
  const files = { exported: await readText(options.export), ...signed };
  const credential = await openKeyFile(credentialKey, 'your credential', options.credentialPassphraseFile);
  const attester = {
    publicKey: publicKeyOf(credential),
    sign: (digest: Uint8Array) => signatureBy(credential, digest),
  };
  await writeDocument(out, await deviceAttestation(owner, files, attester));
  say(
    `Give ${out} to the institution; it holds no secret. The device’s recovery words are your only backup.`,
  );
}

interface SignOptions {
  readonly registration: string;
  readonly manifest: string[];
  readonly firstHash: string;
  readonly key: string;
  readonly lock?: string;
  readonly passphraseFile?: string;
  readonly confirm?: string;
  readonly out: string;
}

async function readTrust({ registration, manifest: files, firstHash }: SignOptions) {
  const file = parseRegistrationFile(await readDocument(registration));
  const signed = [];
  for (const path of files) signed.push(parseSignedManifest(await readDocument(path)));
  const manifests = await followManifests(firstHash, signed, file.registration.network);
  const byNumber = (number: number): Manifest | undefined =>
    manifests.find((entry) => entry.number === number);
  const registeredBy = byNumber(file.receipt.statement.manifest);
  const inForce = manifests.at(-1);
  if (registeredBy === undefined || inForce === undefined) {
    throw new SharedError('config_invalid', 'Give every manifest from number 1 on, in order, by --manifest.');
  }
  return { file, registeredBy, inForce };
}

/** By the key's own passphrase, or, when it is sealed to a master lock, with the lock's file. */
async function signedWith(
  checked: CheckedForCustomer,
  { key: keyFile, lock, passphraseFile }: SignOptions,
): Promise<SigningBundle> {
  if (lock !== undefined) return signWithLockedKey(checked, keyFile, lock, passphraseFile);
  const key = parseCustomerKeyFile(await readDocument(keyFile));
  return withPassphrase('your key', { file: passphraseFile }, (passphrase) =>
    signForCustomer(checked, key, passphrase),
  );
}

async function sign(file: string, options: SignOptions): Promise<void> {
  const trust = await readTrust(options);
  const bundle = parseSigningBundle(await readDocument(file));
  const checked = await checkForCustomer(bundle, trust, systemClock.nowMs());
  say(...describeVerified(bundle, checked.verified, trust.inForce, systemClock.nowMs()));
  const question = 'Type the last four digits of what leaves, in satoshis: ';
  requireConfirmation([checked.verified], options.confirm ?? (await askText(question, '--confirm')));
  const signed = await signedWith(checked, options);
  await writeDocument(options.out, signed);
  say(`Signed: ${options.out}`);
}

/** `trilock customer-key create`: a customer's own key, made on the customer's own machine. */
export function registerCustomerKey(trilock: Command): void {
  const key = trilock.command('customer-key').description('a customer’s own key for a wallet');
  key
    .command('create')
    .description('make a key, sealed under a passphrase, and its attestation by your credential')
    .requiredOption('--network <network>', NETWORK_NAMES.join(', '))
    .requiredOption('--name <name>', 'as the attestation calls you')
    .option('--lock <file>', 'your master lock: it attests the key, and the key is sealed to it')
    .option('--credential-key <file>', 'or the key file with which you sign requests')
    .requiredOption('--out <file>', 'where the sealed key goes')
    .requiredOption('--attestation <file>', 'where its public half goes')
    .option('--credential-passphrase-file <file>', 'instead of asking')
    .option('--passphrase-file <file>', 'instead of asking')
    .action(create);
  key
    .command('device')
    .description('attest a key in a hardware wallet; without --attestation it says what the device must sign')
    .requiredOption('--network <network>', NETWORK_NAMES.join(', '))
    .requiredOption('--name <name>', 'as the attestation calls you and the device')
    .option('--export <file>', 'what the device has written of its key')
    .option('--signed <file>', 'the text that it signed; not needed with a key record of BIP129')
    .option('--credential-key <file>', 'the key file with which you sign requests')
    .option('--credential-passphrase-file <file>', 'instead of asking')
    .option('--attestation <file>', 'where the attestation goes')
    .action(device);
}

/** `trilock customer sign`: the customer's half of a collaborative wallet, by the same checks as the station. */
export function registerCustomer(trilock: Command): void {
  trilock
    .command('customer')
    .description('what customers do on their own machine')
    .command('sign <file>')
    .description('check, show, ask and sign a bundle with your own key')
    .requiredOption('--registration <file>', 'your copy of the wallet’s registration')
    .requiredOption('--manifest <file...>', 'the institution’s manifests from number 1 on, in order')
    .requiredOption('--first-hash <hash>', 'hash of manifest 1, as the institution published it')
    .requiredOption('--key <file>', 'your sealed key')
    .option('--lock <file>', 'your master lock, when the key is sealed to it')
    .requiredOption('--out <file>', 'where the signed bundle goes')
    .option('--passphrase-file <file>', 'instead of asking')
    .option('--confirm <digits>', 'last digits of the amount, instead of asking')
    .action(sign);
}
