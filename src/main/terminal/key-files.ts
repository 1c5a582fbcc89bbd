import { openMasterKey, readRegularFile, type MasterPrivateKey } from '../../keyring/index.ts';
import { askPassphrase } from './ask.ts';

const MAX_KEY_FILE_BYTES = 64 * 1024;

/** Reads a small text file. */
export async function readText(path: string): Promise<string> {
  return (await readRegularFile(path, { maxBytes: MAX_KEY_FILE_BYTES })).toString('utf8');
}

/** Runs `work` with a passphrase and zeroes it after. */
export async function withPassphrase<T>(
  what: string,
  options: { readonly file: string | undefined; readonly isNew?: boolean },
  work: (passphrase: Buffer) => T | Promise<T>,
): Promise<T> {
  const passphrase = await askPassphrase(what, options);
  try {
    return await work(passphrase);
  } finally {
    passphrase.fill(0);
  }
}

/** Opens a person's RSA key file. */
export async function openKeyFile(
  path: string,
  what: string,
  passphraseFile: string | undefined,
): Promise<MasterPrivateKey> {
  const pem = await readText(path);
  return withPassphrase(what, { file: passphraseFile }, (passphrase) => openMasterKey(pem, passphrase));
}
