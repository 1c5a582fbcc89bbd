import type { Transaction } from 'bitcoinjs-lib';
import { BitcoinError } from '../errors.ts';
import { ByteReader } from '../transactions/byte-reader.ts';
import { outpointOf, parseUnsignedTransaction } from '../transactions/transaction-codec.ts';
import { checkFields, GLOBAL } from './psbt-fields.ts';
import { spentOutput } from './psbt-input.ts';
import { malformedPsbt, PsbtMap, type EntryBudget } from './psbt-map.ts';
import { convertVersion2, mapCountsOfVersion2 } from './psbt-v2.ts';
import { PSBT_MAGIC, type Psbt } from './psbt.ts';

/**
 * A transaction at the standard weight limit with 2-of-3 inputs, previous transactions included, takes about
 * one megabyte; what is larger than this is an attack on whoever must read it.
 */
export const MAX_PSBT_BYTES = 8_000_000;

/** A hundred entries on each of 2,500 inputs: more than any signer writes. */
const MAX_PSBT_ENTRIES = 250_000;

function tooLarge(): never {
  throw new BitcoinError('psbt_too_large', 'The PSBT is too large.', {
    details: { limitBytes: MAX_PSBT_BYTES },
  });
}

function versionOf(global: PsbtMap): 0 | 2 {
  const value = global.get(GLOBAL.version);
  if (value === undefined) return 0;
  if (value.length !== 4) malformedPsbt('its version is not four bytes');
  const version = new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(0, true);
  if (version === 0 || version === 2) return version;
  throw new BitcoinError('psbt_version_unsupported', 'Only PSBT versions 0 and 2 are understood.', {
    details: { version },
  });
}

function unsignedTransaction(global: PsbtMap): Transaction {
  const bytes = global.get(GLOBAL.unsignedTransaction);
  if (bytes === undefined) {
    throw new BitcoinError('psbt_transaction_missing', 'The PSBT holds no transaction.');
  }
  const transaction = parseUnsignedTransaction(bytes);
  if (transaction.ins.some((input) => input.script.length > 0)) {
    throw new BitcoinError('psbt_transaction_signed', 'The transaction inside the PSBT must be unsigned.');
  }
  return transaction;
}

function readMaps(
  reader: ByteReader,
  budget: EntryBudget,
  count: number,
  kind: 'input' | 'output',
  version: 0 | 2,
): PsbtMap[] {
  // Every map ends with one byte at least.
  if (count > reader.remaining) malformedPsbt('it has fewer maps than its transaction needs');
  return Array.from({ length: count }, () => {
    const map = PsbtMap.read(reader, budget);
    checkFields(map, kind, version);
    return map;
  });
}

function readPsbt(reader: ByteReader): Psbt {
  const budget = { left: MAX_PSBT_ENTRIES };
  const global = PsbtMap.read(reader, budget);
  const version = versionOf(global);
  checkFields(global, 'global', version);
  if (version === 2) {
    const counts = mapCountsOfVersion2(global);
    const inputs = readMaps(reader, budget, counts.inputs, 'input', 2);
    return convertVersion2(global, inputs, readMaps(reader, budget, counts.outputs, 'output', 2));
  }
  const transaction = unsignedTransaction(global);
  const inputs = readMaps(reader, budget, transaction.ins.length, 'input', 0);
  const outputs = readMaps(reader, budget, transaction.outs.length, 'output', 0);
  return { transaction, global, inputs, outputs };
}

function checkInputs(psbt: Psbt): void {
  const seen = new Set<string>();
  psbt.transaction.ins.forEach((input, index) => {
    const outpoint = outpointOf(input);
    if (seen.has(outpoint)) {
      throw new BitcoinError('input_duplicate', 'The transaction spends the same coin twice.', {
        details: { outpoint },
      });
    }
    seen.add(outpoint);
    spentOutput(psbt, index);
  });
}

/**
 * Reads a PSBT of version 0, or of version 2, which is converted. Every entry is kept byte for byte; a known
 * field in a wrong form, a key given twice, bytes too few or too many, a previous transaction that is not the
 * one spent, a coin spent twice are refused. Cost is linear in the length.
 * Sources: BIP174, BIP370, BIP371 (lengths only).
 * @throws BitcoinError `psbt_too_large`, `psbt_malformed`, `psbt_version_unsupported`, `psbt_duplicate_key`,
 * `psbt_field_invalid`, `psbt_transaction_missing`, `psbt_transaction_signed`, `transaction_malformed`,
 * `psbt_previous_transaction_mismatch`, `psbt_utxo_conflict`, `input_duplicate`.
 */
export function parsePsbt(bytes: Uint8Array): Psbt {
  if (bytes.length > MAX_PSBT_BYTES) tooLarge();
  if (PSBT_MAGIC.some((byte, i) => bytes[i] !== byte)) malformedPsbt('it does not begin as one');
  // A copy, so that what was checked cannot be changed by whoever holds the array.
  const reader = new ByteReader(new Uint8Array(bytes.subarray(PSBT_MAGIC.length)), malformedPsbt);
  const psbt = readPsbt(reader);
  if (reader.remaining > 0) malformedPsbt('bytes follow its end');
  checkInputs(psbt);
  return psbt;
}

/** The same from base 64, with its padding and without blanks. @throws BitcoinError as `parsePsbt`. */
export function parsePsbtBase64(text: string): Psbt {
  if (text.length > Math.ceil(MAX_PSBT_BYTES / 3) * 4) tooLarge();
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) malformedPsbt('it is not base 64');
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return parsePsbt(bytes);
}
