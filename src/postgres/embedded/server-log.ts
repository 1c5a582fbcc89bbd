import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { PostgresError } from '../errors.ts';
import { attempt } from './server-home.ts';

const LOG_LIMIT_BYTES = 8 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;

/**
 * The server logs into a file and not into a pipe of ours: it may outlive us. A long log makes place for a new
 * one at a start; one older log is kept.
 */
export async function openServerLog(path: string): Promise<FileHandle> {
  return attempt(path, async () => {
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (size > LOG_LIMIT_BYTES) await rename(path, `${path}.1`);
    return open(path, 'a+', 0o600);
  });
}

/** What was logged from byte `from` on, at most the last 16 KiB of it. */
export async function readLogSince(log: FileHandle, from: number): Promise<string> {
  const { size } = await log.stat();
  const start = Math.max(from, size - TAIL_BYTES);
  const buffer = Buffer.alloc(Math.max(0, size - start));
  await log.read(buffer, 0, buffer.length, start);
  return buffer.toString('utf8');
}

/** The error behind what `initdb` or a server that did not start has said. */
export function failureInLog(text: string, directory: string, port: number | undefined): PostgresError {
  const internal = text.slice(-2000);
  if (/No space left on device|Disk quota exceeded/.test(text)) {
    return new PostgresError('disk_full', `The disk that holds ${directory} is full.`, { internal });
  }
  if (/Address already in use/.test(text)) {
    return new PostgresError('port_taken', `Port ${port ?? '?'} on 127.0.0.1 is taken.`, { internal });
  }
  if (/lock file "[^"]*" already exists/.test(text)) {
    return new PostgresError(
      'already_running',
      `A server for ${directory} is being started by somebody else.`,
      {
        internal,
      },
    );
  }
  if (/pre-existing shared memory block/.test(text)) {
    return new PostgresError(
      'already_running',
      `Processes of a dead server in ${directory} are still ending.`,
      {
        internal,
      },
    );
  }
  if (/Permission denied|Read-only file system/.test(text)) {
    return new PostgresError('directory_unwritable', `PostgreSQL cannot write in ${directory}.`, {
      internal,
    });
  }
  const fatal = /(?:FATAL|PANIC|error): +(.*)/.exec(text)?.[1] ?? 'see its log';
  return new PostgresError('start_failed', `PostgreSQL did not start: ${fatal}`, { internal });
}
