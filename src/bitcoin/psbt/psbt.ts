import type { Transaction } from 'bitcoinjs-lib';
import { ByteWriter } from '../transactions/byte-writer.ts';
import type { PsbtMap } from './psbt-map.ts';

/** "psbt" and 0xff. */
export const PSBT_MAGIC: readonly number[] = [0x70, 0x73, 0x62, 0x74, 0xff];

/**
 * A version 0 PSBT (BIP174): the unsigned transaction and, for it and for each of its inputs and outputs, one
 * map of fields. Functions of this folder never change one that they were given.
 */
export interface Psbt {
  /** The transaction that `global` holds, read once. */
  readonly transaction: Transaction;
  readonly global: PsbtMap;
  readonly inputs: readonly PsbtMap[];
  readonly outputs: readonly PsbtMap[];
}

/** The bytes of a PSBT: what was read and not changed is written back byte for byte. */
export function serializePsbt(psbt: Psbt): Uint8Array {
  const writer = new ByteWriter(65_536).bytes(Uint8Array.from(PSBT_MAGIC));
  psbt.global.write(writer);
  for (const map of psbt.inputs) map.write(writer);
  for (const map of psbt.outputs) map.write(writer);
  return writer.finish();
}

/** Bytes per call of `String.fromCharCode`, whose arguments must fit on the stack. */
const CHUNK = 8192;

/** The base 64 form in which wallets and Bitcoin Core's RPC exchange PSBTs. */
export function psbtToBase64(psbt: Psbt): string {
  const bytes = serializePsbt(psbt);
  let text = '';
  for (let i = 0; i < bytes.length; i += CHUNK) text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(text);
}

/** A copy whose maps may be added to without touching the original. */
export function clonePsbt(psbt: Psbt): Psbt {
  return {
    transaction: psbt.transaction,
    global: psbt.global.clone(),
    inputs: psbt.inputs.map((map) => map.clone()),
    outputs: psbt.outputs.map((map) => map.clone()),
  };
}
