import { bytesToHex } from '@noble/hashes/utils.js';
import { BitcoinError } from '../errors.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { GLOBAL, INPUT } from './psbt-fields.ts';
import type { PsbtMap } from './psbt-map.ts';
import { clonePsbt, type Psbt } from './psbt.ts';

/** What decides which money moves and what is signed; nobody may say two things about it. */
const UNDISPUTED: readonly number[] = [INPUT.nonWitnessUtxo, INPUT.witnessUtxo, INPUT.sighashType];

function addAll(target: PsbtMap, source: PsbtMap | undefined, disputed: readonly number[]): void {
  for (const { key, value } of source?.entries ?? []) {
    const known = target.find(key);
    if (known === undefined) target.set(key, value);
    else if (key.length === 1 && disputed.includes(key[0] ?? -1) && !bytesEqual(known, value)) {
      throw new BitcoinError('psbt_not_combinable', 'The PSBTs contradict each other.', {
        details: { key: bytesToHex(key) },
      });
    }
  }
}

/**
 * Merges PSBTs of one transaction: everything that any of them holds. Where two hold different values under one
 * key, the one given first is kept (BIP174 lets a combiner choose), so pass your own first; UTXOs and signature
 * hash types must agree. @throws BitcoinError `psbt_not_combinable`.
 */
export function combinePsbts(first: Psbt, ...others: readonly Psbt[]): Psbt {
  const combined = clonePsbt(first);
  const transaction = first.global.get(GLOBAL.unsignedTransaction) ?? new Uint8Array();
  for (const other of others) {
    const theirs = other.global.get(GLOBAL.unsignedTransaction);
    if (theirs === undefined || !bytesEqual(transaction, theirs)) {
      throw new BitcoinError('psbt_not_combinable', 'The PSBTs are of different transactions.');
    }
    addAll(combined.global, other.global, []);
    combined.inputs.forEach((map, index) => addAll(map, other.inputs[index], UNDISPUTED));
    combined.outputs.forEach((map, index) => addAll(map, other.outputs[index], []));
  }
  return combined;
}
