import { rm } from 'node:fs/promises';
import { connect, type Server } from 'node:net';

/** `/path/to/socket` or `host:port`, taken apart. */
export type EndpointTarget = { readonly path: string } | { readonly host: string; readonly port: number };

export function endpointTarget(endpoint: string): EndpointTarget {
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
  const target = endpointTarget(endpoint);
  if ('path' in target && !(await answers(target.path))) await rm(target.path, { force: true });
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(target, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  } finally {
    process.umask(mask);
  }
}
