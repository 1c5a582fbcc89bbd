import type { WalletDescriptor } from '../bitcoin/index.ts';
import { hex, taggedHash } from './tagged-hash.ts';

const DESCRIPTOR_TAG = 'trilock/descriptor/1';

/** The name by which intents bind themselves to a wallet: 32 bytes, hex. */
export function descriptorHash(descriptor: WalletDescriptor): string {
  return hex(taggedHash(DESCRIPTOR_TAG, new TextEncoder().encode(descriptor.text)));
}
