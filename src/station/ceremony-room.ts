import { createHash } from 'node:crypto';
import {
  readRegularFile,
  requireOfficerPassphrase,
  writeNewFile,
  type MasterPrivateKey,
} from '../keyring/index.ts';
import type { CeremonyPlan } from './ceremony-plan.ts';
import { StationError } from './errors.ts';

/** What a ceremony asks of the room; a terminal, or prepared answers. */
export interface CeremonyDesk {
  readonly say: (lines: readonly string[]) => void;
  /** The new passphrase of a person's file; zeroed after use. */
  readonly newPassphrase: (person: string, file: string) => Promise<Buffer>;
  /** Both have read the words of a fingerprint aloud. */
  readonly compareWords: (what: string, words: string) => Promise<void>;
  /** A fresh RSA-4096 key. */
  readonly makeKey: () => Promise<MasterPrivateKey>;
}

/** Where a ceremony is held. */
export interface Room {
  readonly folder: string;
  readonly plan: CeremonyPlan;
  readonly desk: CeremonyDesk;
  readonly nowMs: number;
}

export const MAX_BYTES = 64 * 1024;

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Writes a new file and reads it back. @returns its SHA-256. */
export async function writeChecked(path: string, bytes: Buffer): Promise<string> {
  await writeNewFile(path, bytes);
  if (!(await readRegularFile(path, { maxBytes: MAX_BYTES })).equals(bytes)) {
    throw new StationError('ceremony_refused', `${path}: What was written is not what is there now.`);
  }
  return sha256(bytes);
}

/** Lends a person's new passphrase to `work`. @throws KeyringError `passphrase_weak`. */
export async function withNewPassphrase<T>(
  { desk, plan }: Room,
  person: string,
  file: string,
  work: (passphrase: Buffer) => Promise<T>,
): Promise<T> {
  const passphrase = await desk.newPassphrase(person, file);
  try {
    requireOfficerPassphrase(passphrase, [person, plan.institution]);
    return await work(passphrase);
  } finally {
    passphrase.fill(0);
  }
}
