import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../errors.ts';

/** What `postmaster.pid` says (PostgreSQL's `miscadmin.h`, "lock file contents"). */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  /** `starting`, `ready`, `stopping`, `standby`. */
  readonly status: string;
}

export async function readPostmasterFile(dataDirectory: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3] ?? 0), status: (lines[7] ?? '').trim() };
}

/**
 * Whether process `pid` is the server of this data directory. A number alone proves nothing: in a container
 * the same small number soon belongs to another program.
 */
export async function isServerOf(dataDirectory: string, pid: number): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false;
  if (process.platform === 'linux') {
    // Command lines are open to all, working directories are not: root in a container may be refused those of
    // the server's user. A zombie has an empty command line.
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return line.split('\0').includes(dataDirectory);
  }
  try {
    const command = execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
    return command.includes('postgres') && command.includes(dataDirectory);
  } catch {
    return false;
  }
}

/** Whether any process has this number, ours or not. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Above every process number of Linux (2^22) and macOS (99,999), so no process ever has it. */
const NOBODY = 2_147_483_646;

/**
 * Replaces a process number that meanwhile belongs to another program. PostgreSQL would else take that program
 * for a running server. The rest of the file stays: with its shared-memory key the server checks that no
 * orphaned backend of the dead server still lives, which deleting the file would switch off.
 */
export async function disownPostmasterFile(dataDirectory: string): Promise<void> {
  const path = join(dataDirectory, 'postmaster.pid');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/^-?[0-9]+/, String(NOBODY)));
}
