import { hash } from 'node:crypto';

/** SHA-256 of SHA-256 by the library behind Node, which uses the processor's instructions for it. */
export function hash256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', hash('sha256', bytes, 'buffer'), 'buffer');
}
