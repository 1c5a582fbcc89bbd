import type { Command } from 'commander';
import { MAX_PSBT_BYTES, parsePsbt, parsePsbtBase64, type Psbt } from '../../bitcoin/index.ts';
import type { CoreNodeOptions } from '../../chain/index.ts';
import {
  openCustomerKeyBackup,
  parseCustomerKeyBackup,
  parseSignedManifest,
  type Manifest,
  followManifests,
} from '../../intents/index.ts';
import { MAX_ENVELOPE_BYTES, readRegularFile, type MasterPrivateKey } from '../../keyring/index.ts';
import { kitEnvelopeBlobs, readKit, type CheckedKit, type KeyMaterial } from '../../recovery/index.ts';
import { SharedError } from '../../shared/index.ts';
import {
  openCustomerKey,
  openEscrowed,
  parseCustomerKeyFile,
  parseEscrowLayer,
  readDocument,
} from '../../station/index.ts';
import { askText } from '../terminal/ask.ts';
import { openKeyFile, readText, withPassphrase } from '../terminal/key-files.ts';
import { disasterKeyOf, shareOptions } from './share-files.ts';
import { openLockFile } from '../terminal/lock-files.ts';

/** Base64 takes a third more than the bytes. */
const MAX_PSBT_FILE_BYTES = Math.ceil((MAX_PSBT_BYTES * 4) / 3) + 1_024;
const PSBT_MAGIC = Buffer.from('psbt\xff', 'latin1');

export interface KitOptions {
  readonly manifest?: string[];
  readonly firstHash?: string;
}

export interface NodeOptions {
  readonly node: string;
  readonly cookieFile?: string;
  readonly user?: string;
  readonly passwordFile?: string;
}

export interface KeyOptions {
  readonly envelope?: string[];
  readonly master?: string[];
  readonly masterPassphraseFile?: string[];
  readonly share?: string[];
  readonly sharePassphraseFile?: string[];
  readonly words?: string;
  readonly xprv?: string;
  readonly customerKey?: string;
  readonly lock?: string;
  readonly escrow?: string;
  readonly passphraseFile?: string;
}

/** The kit, checked by the manifests too when they are given. */
export async function kitFrom(file: string, { manifest: files, firstHash }: KitOptions): Promise<CheckedKit> {
  const value = await readDocument(file);
  if (files === undefined) return readKit(value);
  if (firstHash === undefined) {
    throw new SharedError('config_invalid', 'Manifests are trusted by --first-hash alone.');
  }
  const { kit } = await readKit(value);
  const signed = [];
  for (const path of files) signed.push(parseSignedManifest(await readDocument(path)));
  const manifests = await followManifests(firstHash, signed, kit.network);
  const registeredBy = manifests.find(({ number }): boolean => number === kit.receipt.statement.manifest);
  return readKit(value, registeredBy ?? missingManifest(kit.receipt.statement.manifest));
}

function missingManifest(number: number): Manifest {
  throw new SharedError('config_invalid', `Give the manifests up to number ${number}, in order.`);
}

export function kitOptions(command: Command): Command {
  return command
    .option(
      '--manifest <files...>',
      'the institution’s manifests from number 1 on: prove where the keys come from',
    )
    .option('--first-hash <hash>', 'hash of manifest 1, as the institution published it');
}

export function nodeOptions(command: Command): Command {
  return command
    .requiredOption('--node <url>', 'JSON-RPC of any Bitcoin node, http://host:port')
    .option('--cookie-file <file>', 'the node’s cookie file')
    .option('--user <name>', 'user of the JSON-RPC')
    .option('--password-file <file>', 'file with the password of that user');
}

/** @throws SharedError `config_invalid` without credentials. */
export async function nodeConnection(options: NodeOptions): Promise<CoreNodeOptions> {
  const { node: url, cookieFile, user, passwordFile } = options;
  if (cookieFile !== undefined) return { url, credentials: { cookieFile } };
  if (user === undefined || passwordFile === undefined) {
    throw new SharedError('config_invalid', 'Give --cookie-file, or --user and --password-file.');
  }
  return { url, credentials: { user, password: (await readText(passwordFile)).trim() } };
}

export function keyOptions(command: Command): Command {
  return shareOptions(command)
    .option('--envelope <files...>', 'wrapped keys from a backup site; with --master or --share')
    .option('--master <files...>', 'key files of the two masters, in any order')
    .option('--master-passphrase-file <files...>', 'in the order of the masters, instead of asking')
    .option('--words <file>', 'a file with recovery words (BIP39)')
    .option('--xprv <file>', 'a file with an extended private key (BIP32)')
    .option('--customer-key <file>', 'a customer’s sealed key file')
    .option('--lock <file>', 'a customer’s master lock, to which the key file or the escrowed seed is sealed')
    .option('--escrow <file>', 'the cold seed out of escrow: what the escrow agent handed over; with --lock')
    .option('--passphrase-file <file>', 'of the lock, else of the customer’s key file, instead of asking');
}

async function openMasters(options: KeyOptions): Promise<readonly MasterPrivateKey[]> {
  const masters: MasterPrivateKey[] = [];
  for (const [position, file] of (options.master ?? []).entries()) {
    masters.push(await openKeyFile(file, `the master ${file}`, options.masterPassphraseFile?.[position]));
  }
  return masters;
}

/** The cold key out of escrow: the agent has opened the outer envelope, the lock opens the inner one. */
async function escrowedKey(
  file: string,
  lockFile: string,
  passphraseFile: string | undefined,
): Promise<KeyMaterial> {
  const layer = parseEscrowLayer(await readDocument(file));
  const lock = await openLockFile(lockFile, 'your master lock', passphraseFile);
  const entropy = await openEscrowed(layer, { spki: lock.decryption, unwrap: lock.decrypt });
  return { kind: 'entropy', entropy };
}

async function customerKey({
  customerKey: file = '',
  lock: lockFile,
  passphraseFile,
}: KeyOptions): Promise<KeyMaterial> {
  const document = await readDocument(file);
  if (lockFile !== undefined) {
    const lock = await openLockFile(lockFile, 'your master lock', passphraseFile);
    return { kind: 'account', key: await openCustomerKeyBackup(parseCustomerKeyBackup(document), lock) };
  }
  const sealed = parseCustomerKeyFile(document);
  const entropy = await withPassphrase('your key', { file: passphraseFile }, (passphrase) =>
    openCustomerKey(sealed, passphrase),
  );
  return { kind: 'entropy', entropy };
}

/** Every key that the options name; of wrapped ones, those in the kit when no file is given. */
export async function keysFrom(checked: CheckedKit, options: KeyOptions): Promise<readonly KeyMaterial[]> {
  const masters = await openMasters(options);
  const disaster = options.share === undefined ? {} : { disaster: await disasterKeyOf(options) };
  const files = options.envelope ?? [];
  const blobs: Buffer[] = [];
  for (const file of files) blobs.push(await readRegularFile(file, { maxBytes: MAX_ENVELOPE_BYTES }));
  if (files.length === 0 && masters.length > 0) blobs.push(...kitEnvelopeBlobs(checked));
  const keys: KeyMaterial[] = blobs.map((blob) => ({ kind: 'envelope', blob, masters, ...disaster }));
  if (options.words !== undefined) keys.push({ kind: 'words', words: await readText(options.words) });
  if (options.xprv !== undefined) keys.push({ kind: 'xprv', text: await readText(options.xprv) });
  if (options.customerKey !== undefined) {
    keys.push(await customerKey(options));
  }
  if (options.escrow !== undefined) {
    if (options.lock === undefined) throw new SharedError('config_invalid', '--escrow needs --lock.');
    keys.push(await escrowedKey(options.escrow, options.lock, options.passphraseFile));
  }
  if (keys.length > 0) return keys;
  throw new SharedError(
    'config_invalid',
    'Give a key: --envelope, --words, --xprv, --customer-key or --escrow.',
  );
}

/** A PSBT as programs write it: bytes, or base64. @throws BitcoinError `psbt_…`. */
export async function psbtFrom(file: string): Promise<Psbt> {
  const bytes = await readRegularFile(file, { maxBytes: MAX_PSBT_FILE_BYTES });
  const binary = bytes.subarray(0, PSBT_MAGIC.length).equals(PSBT_MAGIC);
  return binary ? parsePsbt(bytes) : parsePsbtBase64(bytes.toString('latin1').trim());
}

const CONFIRMED_DIGITS = 4;

/** Has the last digits of what leaves typed, so that somebody has read it. @throws SharedError `config_invalid`. */
export async function confirmAmount(leaving: bigint, given: string | undefined): Promise<void> {
  const typed =
    given ?? (await askText('Type the last four digits of what leaves, in satoshis: ', '--confirm'));
  const digits = leaving.toString().padStart(CONFIRMED_DIGITS, '0').slice(-CONFIRMED_DIGITS);
  if (typed.trim() === digits) return;
  throw new SharedError(
    'config_invalid',
    'The digits are not the last ones of the amount: nothing was signed.',
  );
}
