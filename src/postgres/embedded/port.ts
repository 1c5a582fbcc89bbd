import { createServer } from 'node:net';
import { errorCode, PostgresError } from '../errors.ts';

const LOOPBACK = '127.0.0.1';

/** Listens for a moment on loopback; port 0 lets the system choose. Resolves with the port. */
async function tryPort(port: number): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}

/** A loopback TCP port that is free at this moment. */
export async function freePort(): Promise<number> {
  return tryPort(0);
}

/** @throws PostgresError `port_taken`. */
export async function checkPort(port: number): Promise<void> {
  try {
    await tryPort(port);
  } catch (error) {
    const reason = errorCode(error) === 'EACCES' ? 'needs a privilege to listen on' : 'is taken';
    throw new PostgresError('port_taken', `Port ${port} on ${LOOPBACK} ${reason}.`, { cause: error });
  }
}
