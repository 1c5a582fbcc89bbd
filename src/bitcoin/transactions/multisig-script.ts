import { sha256 } from '@noble/hashes/sha2.js';
import { crypto } from 'bitcoinjs-lib';
import { bytesEqual } from './byte-order.ts';

/** The parts of `m <key> … <key> n OP_CHECKMULTISIG`. */
export interface MultisigScript {
  readonly threshold: number;
  /** In the order of the script, which is the order that its signatures must have. */
  readonly publicKeys: readonly Uint8Array[];
}

const OP_1 = 0x51;
const OP_16 = 0x60;
const OP_CHECKMULTISIG = 0xae;

/** `undefined` for any other script, and for a threshold that its keys cannot meet. */
export function parseMultisigScript(script: Uint8Array): MultisigScript | undefined {
  const first = script[0] ?? 0;
  const last = script[script.length - 2] ?? 0;
  if (script[script.length - 1] !== OP_CHECKMULTISIG || last < OP_1 || last > OP_16) return undefined;
  const publicKeys: Uint8Array[] = [];
  let at = 1;
  while (at < script.length - 2) {
    const length = script[at] ?? 0;
    if ((length !== 33 && length !== 65) || at + 1 + length > script.length - 2) return undefined;
    publicKeys.push(script.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  const threshold = first - OP_1 + 1;
  if (threshold < 1 || threshold > publicKeys.length || publicKeys.length !== last - OP_1 + 1)
    return undefined;
  return { threshold, publicKeys };
}

function isProgram(script: Uint8Array, prefix: readonly number[], hash: Uint8Array): boolean {
  return (
    script.length === prefix.length + hash.length &&
    prefix.every((byte, i) => script[i] === byte) &&
    bytesEqual(script.subarray(prefix.length), hash)
  );
}

/** Whether an output script is `OP_0 <SHA-256 of the witness script>` (BIP141). */
export function paysToWitnessScript(outputScript: Uint8Array, witnessScript: Uint8Array): boolean {
  return isProgram(outputScript, [0x00, 0x20], sha256(witnessScript));
}

/** Whether an output script is `OP_HASH160 <hash of the redeem script> OP_EQUAL` (BIP16). */
export function paysToScriptHash(outputScript: Uint8Array, redeemScript: Uint8Array): boolean {
  const hash = crypto.hash160(redeemScript);
  return outputScript[22] === 0x87 && isProgram(outputScript.subarray(0, 22), [0xa9, 0x14], hash);
}
