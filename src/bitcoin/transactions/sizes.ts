import { feeForVirtualSize, satoshis, type FeeRate, type Satoshis } from '../../shared/index.ts';
import { compactSizeLength } from './byte-writer.ts';

/** The heaviest transaction that nodes relay (Bitcoin Core, `MAX_STANDARD_TX_WEIGHT`). */
export const MAX_STANDARD_WEIGHT = 400_000;

/** A byte outside the witness weighs four units, one inside it a single unit (BIP141). */
const WITNESS_SCALE = 4;

/**
 * The bound on a signature in a witness: DER of a low s (71 bytes at most) and the byte of the hash type.
 * Our own signers also grind for a low r, which makes it 71 bytes (and 70 or fewer once in 128), but a foreign
 * cosigner may not. So an estimate is never too low, and too high by at most one unit for each signature.
 */
export const SIGNATURE_BYTES_BOUND = 72;

/** Marker and flag of a transaction with witnesses, one unit each. */
const SEGWIT_MARKER_WEIGHT = 2;

/** Outpoint, empty script with its length, sequence. */
const INPUT_BASE_BYTES = 32 + 4 + 1 + 4;

/** `m <33-byte keys> n OP_CHECKMULTISIG`. */
function multisigScriptBytes(keys: number): number {
  return 3 + 34 * keys;
}

/** Weight of an input that spends P2WSH multisig with `threshold` signatures out of `keys` keys. */
export function multisigInputWeight(threshold: number, keys: number): number {
  const script = multisigScriptBytes(keys);
  const items = 1 + 1 + threshold * (1 + SIGNATURE_BYTES_BOUND) + compactSizeLength(script) + script;
  return INPUT_BASE_BYTES * WITNESS_SCALE + items;
}

export function outputWeight(script: Uint8Array): number {
  return (8 + compactSizeLength(script.length) + script.length) * WITNESS_SCALE;
}

/** Weight of a segwit transaction whose inputs and outputs weigh what is given. */
export function transactionWeight(
  inputs: { readonly count: number; readonly weight: number },
  outputs: { readonly count: number; readonly weight: number },
): number {
  const frame = 4 + 4 + compactSizeLength(inputs.count) + compactSizeLength(outputs.count);
  return frame * WITNESS_SCALE + SEGWIT_MARKER_WEIGHT + inputs.weight + outputs.weight;
}

/** Virtual bytes of a weight, rounded up (BIP141). */
export function virtualSize(weight: number): number {
  return Math.ceil(weight / WITNESS_SCALE);
}

/** What `weight` units cost at `rate`, rounded up to a satoshi without rounding to virtual bytes first. */
export function feeForWeight(rate: FeeRate, weight: number): Satoshis {
  return satoshis((rate * BigInt(weight) + 3999n) / 4000n);
}

/** The fee of a whole transaction of `weight` units at `rate`. */
export function feeForTransactionWeight(rate: FeeRate, weight: number): Satoshis {
  return feeForVirtualSize(rate, virtualSize(weight));
}

/** A version opcode, then one push of 2 to 40 bytes (BIP141). */
function isWitnessProgram(script: Uint8Array): boolean {
  const version = script[0] ?? 0xff;
  const versioned = version === 0 || (version >= 0x51 && version <= 0x60);
  return versioned && script.length >= 4 && script.length <= 42 && script[1] === script.length - 2;
}

/** Satoshis per virtual byte at which nodes judge dust (Bitcoin Core, `DUST_RELAY_TX_FEE`). */
const DUST_SATS_PER_VBYTE = 3;

/**
 * Below this an output costs more to spend than a third of itself, and nodes refuse to relay it: 330 for P2WSH,
 * 294 for P2WPKH, 546 for P2PKH. Source: Bitcoin Core, `GetDustThreshold`.
 */
export function dustThreshold(script: Uint8Array): Satoshis {
  const output = outputWeight(script) / WITNESS_SCALE;
  const spending = isWitnessProgram(script) ? 32 + 4 + 1 + 26 + 4 : 32 + 4 + 1 + 107 + 4;
  return satoshis(BigInt((output + spending) * DUST_SATS_PER_VBYTE));
}
