import { readdir, readFile } from 'node:fs/promises';

async function textOf(path: string): Promise<string> {
  // Not every system tells; what cannot be read is not warned about.
  return readFile(path, 'utf8').catch(() => '');
}

async function networkUp(): Promise<string[]> {
  const names = await readdir('/sys/class/net').catch(() => []);
  const states = await Promise.all(names.map((name) => textOf(`/sys/class/net/${name}/operstate`)));
  return names.filter((name, at) => name !== 'lo' && states[at]?.trim() === 'up');
}

/**
 * What about this machine could let a key out: swap, core dumps, a network. On Linux; elsewhere nothing is known and
 * nothing is said.
 */
export async function machineWarnings(): Promise<readonly string[]> {
  const swaps = (await textOf('/proc/swaps')).trim().split('\n').length - 1;
  const core = /^Max core file size\s+(\S+)/m.exec(await textOf('/proc/self/limits'))?.[1];
  const network = await networkUp();
  return [
    ...(swaps > 0 ? ['Attention: swap is on; memory with keys may reach the disk (swapoff -a).'] : []),
    ...(core !== undefined && core !== '0'
      ? ['Attention: core dumps are on; a crash may write keys to the disk (ulimit -c 0).']
      : []),
    ...(network.length > 0 ? [`Attention: a network is up (${network.join(', ')}); unplug it.`] : []),
  ];
}
