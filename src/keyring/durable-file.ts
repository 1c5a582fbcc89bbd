import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { KeyringError, type KeyringErrorCode } from './errors.ts';

const REFUSALS: Readonly<Record<string, readonly [KeyringErrorCode, string]>> = {
  ENOENT: ['file_missing', 'There is no such file or directory.'],
  EEXIST: ['file_exists', 'It exists already, and nothing is ever overwritten.'],
  ELOOP: ['file_not_regular', 'It is a symbolic link, which is never followed.'],
  EISDIR: ['file_not_regular', 'It is a directory.'],
  ENOTDIR: ['file_not_regular', 'A part of the path is no directory.'],
  EMLINK: ['file_not_regular', 'It is a symbolic link, which is never followed.'],
};

/** Names what went wrong with a file, and which. */
export function fileRefusal(path: string, thrown: unknown): KeyringError {
  if (thrown instanceof KeyringError) return thrown;
  const reason = (thrown as NodeJS.ErrnoException).code ?? 'unknown';
  const [code, text] = REFUSALS[reason] ?? ['file_inaccessible', 'It cannot be read or written.'];
  return new KeyringError(code, `${path}: ${text}`, { details: { path, reason }, cause: thrown });
}

/** Opens what is a regular file and no link; a pipe in its place must not make the reader wait. */
async function openRegular(
  path: string,
  flags: number,
): Promise<{ file: FileHandle; size: number; mode: number }> {
  const file = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size, mode } = await file.stat();
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
      throw new KeyringError('file_not_regular', `${path}: It is not a file.`, { details: { path } });
    }
    return { file, size, mode };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/**
 * Reads a regular file of at most `maxBytes`. `ownerOnly` refuses one that other users may read.
 * @throws KeyringError `file_missing`, `file_not_regular` (links too), `file_too_large`, `file_too_open`,
 * `file_inaccessible`.
 */
export async function readRegularFile(
  path: string,
  { maxBytes, ownerOnly = false }: { readonly maxBytes: number; readonly ownerOnly?: boolean },
): Promise<Buffer> {
  try {
    const { file, size, mode } = await openRegular(path, constants.O_RDONLY);
    try {
      if (size > maxBytes) {
        throw new KeyringError('file_too_large', `${path}: It is larger than it may be.`, {
          details: { path, bytes: size, maxBytes },
        });
      }
      if (ownerOnly && (mode & 0o077) !== 0) {
        throw new KeyringError('file_too_open', `${path}: Other users may read it; make it mode 600.`, {
          details: { path },
        });
      }
      const bytes = Buffer.alloc(size);
      const { bytesRead } = await file.read(bytes, 0, size, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw fileRefusal(path, thrown);
  }
}

/** Makes a change of a directory's entries durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** File systems of memory sticks know no hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Gives a finished file its name, unless something has that name: a plain rename would replace it. */
async function publish(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
    await unlink(temporary);
  } catch (thrown) {
    if (!NO_LINKS.has((thrown as NodeJS.ErrnoException).code ?? '')) throw thrown;
    const taken = await lstat(path).then(
      () => true,
      () => false,
    );
    if (taken)
      throw new KeyringError('file_exists', `${path}: It exists already, and nothing is ever overwritten.`);
    await rename(temporary, path);
  }
}

/**
 * Writes a new file whole or not at all: written beside, fsynced, then given its name; never over another.
 * @throws KeyringError `file_exists`, `file_missing` (no such directory), `file_not_regular`, `file_inaccessible`.
 */
export async function writeNewFile(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}.new`);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(temporary, path);
    await syncDirectory(directory);
  } catch (thrown) {
    await unlink(temporary).catch(() => undefined);
    throw fileRefusal(path, thrown);
  }
}

/**
 * Puts new bytes in the place of a file, or of none: written beside, fsynced, renamed over it; whoever reads sees the
 * old bytes or the new. @throws KeyringError `file_missing` (no such directory), `file_not_regular`, `file_inaccessible`.
 */
export async function replaceFile(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}.new`);
  try {
    await writeNewFile(temporary, bytes, mode);
    await rename(temporary, path);
    await syncDirectory(directory);
  } catch (thrown) {
    await unlink(temporary).catch(() => undefined);
    throw fileRefusal(path, thrown);
  }
}

/**
 * Overwrites a file with random bytes, then removes it, each step made durable. A file that is not there is fine,
 * so that it can be repeated after a crash. Flash memory may keep an old copy of a block: what is erased so
 * must have been encrypted. @throws KeyringError `file_not_regular`, `file_inaccessible`.
 */
export async function eraseFile(path: string): Promise<void> {
  try {
    const { file, size } = await openRegular(path, constants.O_RDWR);
    try {
      await file.write(randomBytes(size), 0, size, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await unlink(path);
    await syncDirectory(dirname(path));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw fileRefusal(path, thrown);
  }
}
