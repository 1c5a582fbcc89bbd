import { setTimeout } from 'node:timers/promises';
import {
  KeyringError,
  looksLikePkcs12,
  openMasterKey,
  openOfficerKey,
  readRegularFile,
  requireCurrent,
  type MasterPrivateKey,
  type OfficerKey,
} from '../../keyring/index.ts';
import { systemClock } from '../../shared/index.ts';
import { askPassphrase } from './ask.ts';

const MAX_KEY_FILE_BYTES = 64 * 1024;
/** At a terminal; whoever has the file may try elsewhere, so this is against a slip and against a passer-by. */
const MAX_TRIES = 3;
const PAUSE_MS = 1_000;

/** Reads a small text file. */
export async function readText(path: string): Promise<string> {
  return (await readRegularFile(path, { maxBytes: MAX_KEY_FILE_BYTES })).toString('utf8');
}

interface PassphraseSource {
  readonly file: string | undefined;
  readonly isNew?: boolean;
}

async function once<T>(
  what: string,
  source: PassphraseSource,
  work: (passphrase: Buffer) => T | Promise<T>,
): Promise<T> {
  const passphrase = await askPassphrase(what, source);
  try {
    return await work(passphrase);
  } finally {
    passphrase.fill(0);
  }
}

/** Typed wrongly, or too weak: what the same person may do better. */
function mayBeTypedAgain(thrown: unknown, isNew: boolean): thrown is KeyringError {
  return thrown instanceof KeyringError && thrown.code === (isNew ? 'passphrase_weak' : 'passphrase_wrong');
}

/**
 * Runs `work` with a passphrase and zeroes it after. At a terminal a wrong one may be typed again, three times in
 * all; from a file there is one try.
 */
export async function withPassphrase<T>(
  what: string,
  source: PassphraseSource,
  work: (passphrase: Buffer) => T | Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await once(what, source, work);
    } catch (thrown) {
      const again = source.file === undefined && tries < MAX_TRIES;
      if (!again || !mayBeTypedAgain(thrown, source.isNew ?? false)) throw thrown;
      process.stderr.write(`${thrown.message}\n`);
      await setTimeout(tries * PAUSE_MS);
    }
  }
}

/** Opens an officer's PKCS#12 file, whatever its certificate is worth. */
export async function openOfficerFile(
  path: string,
  what: string,
  passphraseFile: string | undefined,
): Promise<OfficerKey> {
  const bytes = await readRegularFile(path, { maxBytes: MAX_KEY_FILE_BYTES });
  return withPassphrase(what, { file: passphraseFile }, (passphrase) => openOfficerKey(bytes, passphrase));
}

/**
 * Opens a person's RSA key: PKCS#12 with a certificate, or PKCS#8 in PEM without. An expired certificate is refused,
 * unless the old keys of a rewrap are to be opened.
 */
export async function openKeyFile(
  path: string,
  what: string,
  passphraseFile: string | undefined,
  { expiredToo = false }: { readonly expiredToo?: boolean } = {},
): Promise<MasterPrivateKey> {
  const bytes = await readRegularFile(path, { maxBytes: MAX_KEY_FILE_BYTES });
  if (looksLikePkcs12(bytes)) {
    const { certificate, key } = await openOfficerFile(path, what, passphraseFile);
    if (!expiredToo) requireCurrent(certificate, systemClock.nowMs());
    return key;
  }
  const pem = bytes.toString('utf8');
  return withPassphrase(what, { file: passphraseFile }, (passphrase) => openMasterKey(pem, passphrase));
}
