import { compareBytes } from '../transactions/byte-order.ts';

const OP_1_LESS_ONE = 0x50;
const OP_CHECKMULTISIG = 0xae;
const KEY_BYTES = 33;

/** BIP67: compressed public keys in byte order. A new array. */
export function sortPublicKeys(publicKeys: readonly Uint8Array[]): Uint8Array[] {
  return [...publicKeys].sort(compareBytes);
}

/** `threshold <key>… n OP_CHECKMULTISIG` over compressed keys in the given order, 1 ≤ threshold ≤ n ≤ 16. */
export function multisigScript(threshold: number, publicKeys: readonly Uint8Array[]): Uint8Array {
  const script = new Uint8Array(3 + publicKeys.length * (KEY_BYTES + 1));
  script[0] = OP_1_LESS_ONE + threshold;
  let offset = 1;
  for (const publicKey of publicKeys) {
    script[offset] = KEY_BYTES;
    script.set(publicKey, offset + 1);
    offset += KEY_BYTES + 1;
  }
  script[offset] = OP_1_LESS_ONE + publicKeys.length;
  script[offset + 1] = OP_CHECKMULTISIG;
  return script;
}
