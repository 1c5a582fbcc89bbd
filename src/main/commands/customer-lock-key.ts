import {
  cosignAsCustomer,
  lockSigner,
  makeCustomerKey,
  openCustomerKeyBackup,
  parseCustomerKeyBackup,
  type CheckedForCustomer,
  type KeyStatement,
  type SigningBundle,
} from '../../intents/index.ts';
import { lockOfCertificate } from '../../keyring/browser/index.ts';
import { SharedError } from '../../shared/index.ts';
import { readDocument, writeDocument } from '../../station/index.ts';
import { openLockFile } from '../terminal/lock-files.ts';

interface LockKeyOptions {
  readonly network: KeyStatement['network'];
  readonly name: string;
  readonly lock: string;
  readonly passphraseFile: string | undefined;
  readonly out: string;
  readonly attestation: string;
}

/**
 * Makes a customer's key, attested by the lock and sealed to it: whoever has the lock's file needs no other secret.
 * @returns its origin. @throws SharedError `config_invalid` for a lock without certificates.
 */
export async function createToLock(options: LockKeyOptions): Promise<string> {
  const lock = await openLockFile(options.lock, 'your master lock', options.passphraseFile);
  if (lock.certificates === null) {
    throw new SharedError('config_invalid', 'The lock’s file holds no certificates: master-lock certify.');
  }
  const { network, name } = options;
  const credential = lockSigner(lockOfCertificate(lock.certificates.signing).lock, lock);
  const made = await makeCustomerKey({ network, name, credential, lock });
  await writeDocument(options.out, made.backup);
  await writeDocument(options.attestation, made.attestation);
  return made.backup.origin;
}

/** Signs a checked bundle with a key that is sealed to a master lock. @throws KeyringError; IntentError; BitcoinError. */
export async function signWithLockedKey(
  checked: CheckedForCustomer,
  keyFile: string,
  lockFile: string,
  passphraseFile: string | undefined,
): Promise<SigningBundle> {
  const backup = parseCustomerKeyBackup(await readDocument(keyFile));
  const lock = await openLockFile(lockFile, 'your master lock', passphraseFile);
  const key = await openCustomerKeyBackup(backup, lock);
  try {
    return cosignAsCustomer(checked, key);
  } finally {
    key.erase();
  }
}
