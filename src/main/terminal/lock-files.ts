import { openMasterLock, type MasterLock } from '../../keyring/browser/index.ts';
import { readRegularFile } from '../../keyring/index.ts';
import { withPassphrase } from './key-files.ts';

const MAX_LOCK_BYTES = 64 * 1024;

/** A master lock's file as it lies there. */
export async function readLockFile(path: string): Promise<Buffer> {
  return readRegularFile(path, { maxBytes: MAX_LOCK_BYTES });
}

/** Opens the file of a master lock. @throws KeyringError `passphrase_wrong`, `pkcs12_malformed`, `lock_keys_swapped`. */
export async function openLockFile(
  path: string,
  what: string,
  passphraseFile: string | undefined,
): Promise<MasterLock> {
  const bytes = await readLockFile(path);
  return withPassphrase(what, { file: passphraseFile }, (passphrase) => openMasterLock(bytes, passphrase));
}
