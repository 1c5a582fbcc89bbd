import { mkdir, rename, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { KeyringError, readRegularFile, writeNewFile } from '../../keyring/index.ts';
import { SharedError } from '../../shared/index.ts';

const MAX_SESSION_FILE_BYTES = 16 * 1024;

const sessionSchema = z.strictObject({
  /** Where it counts; it is sent nowhere else. */
  url: z.string(),
  cookie: z.string(),
  csrfToken: z.string(),
  /** Of the customer or the member of staff. */
  id: z.string(),
  displayName: z.string(),
  expiresAt: z.string(),
});

/** Somebody signed in. */
export type StoredSession = z.infer<typeof sessionSchema>;

export function sessionFile(setting: string | undefined): string {
  return setting ?? join(homedir(), '.config', 'trilock', 'session.json');
}

/**
 * Who is signed in, or undefined for nobody. @throws KeyringError `file_too_open` when others may read it, `file_…`;
 * SharedError `config_invalid` when it is no session.
 */
export async function readSession(path: string): Promise<StoredSession | undefined> {
  try {
    const bytes = await readRegularFile(path, { maxBytes: MAX_SESSION_FILE_BYTES, ownerOnly: true });
    return sessionSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (thrown) {
    if (!(thrown instanceof KeyringError)) {
      throw new SharedError('config_invalid', `${path} holds no session; remove it and sign in again.`);
    }
    if (thrown.code === 'file_missing') return undefined;
    throw thrown;
  }
}

/** Keeps a session, readable for its owner alone, in place of an earlier one. */
export async function keepSession(path: string, session: StoredSession): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${randomBytes(6).toString('hex')}`;
  await writeNewFile(beside, Buffer.from(`${JSON.stringify(session, null, 2)}\n`));
  await rename(beside, path);
}

export async function dropSession(path: string): Promise<void> {
  await rm(path, { force: true });
}
