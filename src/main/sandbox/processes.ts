import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function commandLine(pid: number): Promise<string | undefined> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
  } catch {
    return undefined;
  }
}

/**
 * Whether `pid` is a live Trilock process of that role. Process numbers are reused, so its command line is
 * read where the system shows it (Linux); elsewhere being alive is all that can be known.
 */
export async function isOurProcess(pid: number, role: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 1 || pid === process.pid || !isAlive(pid)) return false;
  const line = await commandLine(pid);
  return line === undefined
    ? process.platform !== 'linux'
    : line.includes('trilock.mjs') && line.includes(` ${role}`);
}

/** Waits for a process of ours to end, and ends it by force when it does not. */
export async function waitUntilGone(pid: number, role: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (await isOurProcess(pid, role)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await sleep(50);
  }
}
