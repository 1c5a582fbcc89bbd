import { rm } from 'node:fs/promises';
import { connect, type ListenOptions, type Server } from 'node:net';

/** How Node wants to hear of `/path/to/socket` or `host:port`. */
export function endpointOptions(
  endpoint: string,
): ListenOptions & ({ path: string } | { host: string; port: number }) {
  if (endpoint.startsWith('/')) return { path: endpoint };
  const separator = endpoint.lastIndexOf(':');
  return {
    host: endpoint.slice(0, separator).replace(/^\[|\]$/g, ''),
    port: Number(endpoint.slice(separator + 1)),
  };
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Listens, removing a socket file that a killed process left behind, but never one that still answers.
 * A socket file is readable and writable by its owner only.
 * @throws NodeJS.ErrnoException `EADDRINUSE` and the like.
 */
export async function listenOn(server: Server, endpoint: string): Promise<void> {
  const options = endpointOptions(endpoint);
  if ('path' in options && options.path !== undefined && !(await answers(options.path))) {
    await rm(options.path, { force: true });
  }
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  } finally {
    process.umask(mask);
  }
}
