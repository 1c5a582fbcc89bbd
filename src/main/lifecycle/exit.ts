import { isDomainError, describeError } from '../../shared/index.ts';

/** sysexits.h: the caller gave a wrong setting or command line. */
export const EXIT_CONFIG = 78;
export const EXIT_FAILURE = 1;

/** sysexits.h, by the code of what was thrown: a temporary failure, and a missing permission. */
const EXIT_BY_CODE: Readonly<Record<string, number>> = {
  config_invalid: EXIT_CONFIG,
  api_away: 75,
  api_not_permitted: 77,
};

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is already in use by another program',
  EACCES: 'permission denied',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is not a directory',
  ECONNREFUSED: 'nothing answers at that address',
};

function systemErrorLine(error: NodeJS.ErrnoException): string | undefined {
  const meaning = SYSTEM_ERRORS[error.code ?? ''];
  if (meaning === undefined) return undefined;
  const { path, address, port } = error as { path?: string; address?: string; port?: number };
  const where = path ?? (address === undefined ? undefined : `${address}:${port ?? ''}`);
  return where === undefined ? meaning : `${where}: ${meaning}`;
}

/** The one line that tells an operator why a program did not start. */
export function failureLine(thrown: unknown): string {
  if (isDomainError(thrown)) {
    return thrown.internal === undefined ? thrown.message : `${thrown.message} (${thrown.internal})`;
  }
  const line = thrown instanceof Error ? systemErrorLine(thrown) : undefined;
  return (line ?? describeError(thrown)).split('\n', 1)[0] ?? '';
}

/** Says why in one line on standard error and ends the process with a status that is not zero. */
export function exitWith(thrown: unknown): never {
  process.stderr.write(`trilock: ${failureLine(thrown)}\n`);
  process.exit((isDomainError(thrown) ? EXIT_BY_CODE[thrown.code] : undefined) ?? EXIT_FAILURE);
}
