import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { NETWORK_NAMES, parseNetworkName } from '../../bitcoin/index.ts';
import {
  lockSigner,
  makeCredentialPin,
  makeMasterLockRegistration,
  type CustomerSigner,
} from '../../intents/index.ts';
import { createMasterLock, lockOfCertificate, type MasterLock } from '../../keyring/browser/index.ts';
import { fingerprintWords, writeNewFile } from '../../keyring/index.ts';
import { newId, parseId, SharedError, systemClock } from '../../shared/index.ts';
import { publicKeyOf, signatureBy, writeDocument } from '../../station/index.ts';
import { openKeyFile, withPassphrase } from '../terminal/key-files.ts';
import { openLockFile } from '../terminal/lock-files.ts';
import { registerLockCertificates } from './master-lock-certificates.ts';
import { registerLockStatements } from './master-lock-statements.ts';

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

function halfLines(lock: MasterLock): string[] {
  return (['signing', 'decryption'] as const).map((use) => {
    const fingerprint = createHash('sha256').update(lock[use]).digest('hex');
    return `${use.padEnd(10)} ${fingerprint}\n           ${fingerprintWords(fingerprint)}`;
  });
}

interface CreateOptions {
  readonly out: string;
  readonly passphraseFile?: string;
}

async function create({ out, passphraseFile }: CreateOptions): Promise<void> {
  const made = await withPassphrase(
    'your new master lock',
    { file: passphraseFile, isNew: true },
    (passphrase) => createMasterLock(passphrase),
  );
  await writeNewFile(out, made.file);
  say(
    `Your master lock is in ${out}: keep copies in two places, and the passphrase apart from them.`,
    ...halfLines(made.lock),
    'Next: trilock master-lock register',
  );
}

interface ShowOptions {
  readonly lock: string;
  readonly passphraseFile?: string;
}

async function show({ lock: file, passphraseFile }: ShowOptions): Promise<void> {
  const lock = await openLockFile(file, 'your master lock', passphraseFile);
  const { certificates } = lock;
  const owner = certificates === null ? undefined : lockOfCertificate(certificates.signing);
  say(
    ...halfLines(lock),
    owner === undefined
      ? 'It holds no certificates: register it, then `trilock master-lock certify`.'
      : `It is ${owner.lock} of ${owner.customer} on ${owner.network}, says its certificate.`,
  );
}

interface RegisterOptions {
  readonly lock: string;
  readonly passphraseFile?: string;
  readonly customer: string;
  readonly network: string;
  readonly out: string;
  readonly replaces?: string;
  readonly previousLock?: string;
  readonly previousPassphraseFile?: string;
  readonly lost?: string;
  readonly by?: string;
  readonly byKey?: string;
  readonly byPassphraseFile?: string;
}

/** Who vouches for the new credential: an earlier key file, the lock before, or, for the first, itself. */
async function voucher(
  { by, byKey, byPassphraseFile }: RegisterOptions,
  previous: CustomerSigner | null,
  own: CustomerSigner,
): Promise<CustomerSigner> {
  if ((by === undefined) !== (byKey === undefined)) {
    throw new SharedError('config_invalid', '--by and --by-key go together.');
  }
  if (by === undefined || byKey === undefined) return previous ?? own;
  const key = await openKeyFile(byKey, 'your earlier credential', byPassphraseFile);
  return {
    id: parseId('credential', by),
    publicKey: publicKeyOf(key),
    sign: (digest) => Promise.resolve(signatureBy(key, digest)),
  };
}

/** The lock in whose place the new one is put, if there is one. @throws SharedError `config_invalid`. */
async function lockBefore({ replaces, previousLock, previousPassphraseFile, lost }: RegisterOptions) {
  if (lost !== undefined && (replaces !== undefined || previousLock !== undefined)) {
    throw new SharedError('config_invalid', 'Give --lost, or --replaces with --previous-lock.');
  }
  if (lost !== undefined) return { id: parseId('credential', lost), lock: null };
  if (replaces === undefined && previousLock === undefined) return null;
  if (replaces === undefined || previousLock === undefined) {
    throw new SharedError('config_invalid', '--replaces and --previous-lock go together.');
  }
  const lock = await openLockFile(previousLock, 'the lock before', previousPassphraseFile);
  return { id: parseId('credential', replaces), lock };
}

/** Needs no network: the statement that names both halves, and the pin that makes one of them a credential. */
async function register(options: RegisterOptions): Promise<void> {
  const lock = await openLockFile(options.lock, 'your master lock', options.passphraseFile);
  const network = parseNetworkName(options.network);
  const customer = parseId('customer', options.customer);
  const own = lockSigner(newId('credential'), lock);
  const previous = await lockBefore(options);
  const words = { network, customer, id: own.id };
  const nowMs = systemClock.nowMs();
  const registration = await makeMasterLockRegistration(lock, words, nowMs, previous);
  const before = previous === null || previous.lock === null ? null : lockSigner(previous.id, previous.lock);
  const isLost = options.lost !== undefined;
  const pin = isLost ? null : await makeCredentialPin(words, own, await voucher(options, before, own), nowMs);
  await writeDocument(options.out, { registration, pin });
  say(
    `The lock will be ${own.id}. Its registration is in ${options.out} and holds no secret.`,
    isLost
      ? 'Give it to staff when they have recognised you: trilock client locks recover'
      : 'Hand it in within a quarter of an hour: trilock client locks add',
  );
}

/** `trilock master-lock`: a customer's lock, on the customer's own machine. Nothing here needs a network. */
export function registerMasterLock(trilock: Command): void {
  const group = trilock
    .command('master-lock')
    .description('a customer’s master lock: a key file that only the customer has; needs no network');
  group
    .command('create')
    .description('make the file: PKCS#12 with two RSA-4096 keys, under a passphrase')
    .requiredOption('--out <file>', 'where it goes')
    .option('--passphrase-file <file>', 'instead of asking')
    .action(create);
  group
    .command('show')
    .description('what a file holds: fingerprints, and whose lock its certificate names')
    .requiredOption('--lock <file>', 'the lock')
    .option('--passphrase-file <file>', 'instead of asking')
    .action(show);
  group
    .command('register')
    .description('write the document that registers it; sends nothing')
    .requiredOption('--lock <file>', 'the lock')
    .requiredOption('--customer <id>', 'your id, cus_…')
    .requiredOption('--network <network>', NETWORK_NAMES.join(', '))
    .requiredOption('--out <file>', 'where the document goes')
    .option('--passphrase-file <file>', 'instead of asking')
    .option('--replaces <lock>', 'the lock in force, whose place it takes, crd_…')
    .option('--previous-lock <file>', 'its file, which signs for the new one')
    .option('--previous-passphrase-file <file>', 'instead of asking')
    .option('--lost <lock>', 'the lock in force when its file is lost: for the way back by officers')
    .option('--by <credential>', 'an earlier credential of yours, crd_…, when you have one')
    .option('--by-key <file>', 'its key file')
    .option('--by-passphrase-file <file>', 'instead of asking')
    .action(register);
  registerLockCertificates(group);
  registerLockStatements(group);
}
