import { BitcoinError } from '../errors.ts';
import { ByteReader } from '../transactions/byte-reader.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { hashToTxid, parseTransaction, transactionHash } from '../transactions/transaction-codec.ts';
import { INPUT } from './psbt-fields.ts';
import { malformedPsbt } from './psbt-map.ts';
import type { Psbt } from './psbt.ts';

/** The output that an input spends. */
export interface SpentOutput {
  readonly script: Uint8Array;
  /** Satoshis. */
  readonly value: bigint;
  /** Whether the whole previous transaction is there, so that the value is proven by its txid. */
  readonly proven: boolean;
}

interface PreviousTransaction {
  readonly hash: Uint8Array;
  readonly outputs: readonly { readonly script: Uint8Array; readonly value: bigint }[];
}

/**
 * Previous transactions that were read and hashed, by the very bytes: a PSBT asks for each several times, and
 * often carries one for many inputs. Values of a PSBT are never written to.
 */
const previousTransactions = new WeakMap<Uint8Array, PreviousTransaction>();

function readPrevious(bytes: Uint8Array): PreviousTransaction {
  let previous = previousTransactions.get(bytes);
  if (previous === undefined) {
    const transaction = parseTransaction(bytes);
    previous = { hash: transactionHash(transaction), outputs: transaction.outs };
    previousTransactions.set(bytes, previous);
  }
  return previous;
}

function fromPreviousTransaction(psbt: Psbt, index: number, bytes: Uint8Array): SpentOutput {
  const input = psbt.transaction.ins[index];
  const previous = readPrevious(bytes);
  const output = previous.outputs[input?.index ?? -1];
  if (input === undefined || output === undefined || !bytesEqual(previous.hash, input.hash)) {
    throw new BitcoinError(
      'psbt_previous_transaction_mismatch',
      'A previous transaction in the PSBT is not the one that its input spends.',
      { details: { input: index, txid: input === undefined ? '' : hashToTxid(input.hash) } },
    );
  }
  return { script: output.script, value: output.value, proven: true };
}

function fromWitnessUtxo(bytes: Uint8Array): SpentOutput {
  const reader = new ByteReader(bytes, malformedPsbt);
  return { value: reader.int64(), script: reader.prefixed(), proven: false };
}

/**
 * What an input spends, from `non_witness_utxo`, `witness_utxo` or both; `undefined` when the PSBT has neither.
 * @throws BitcoinError `psbt_previous_transaction_mismatch` when the previous transaction is another one,
 * `psbt_utxo_conflict` when the two fields disagree, `transaction_malformed`.
 */
export function spentOutput(psbt: Psbt, index: number): SpentOutput | undefined {
  const map = psbt.inputs[index];
  const previous = map?.get(INPUT.nonWitnessUtxo);
  const claimed = map?.get(INPUT.witnessUtxo);
  const proven = previous === undefined ? undefined : fromPreviousTransaction(psbt, index, previous);
  if (claimed === undefined) return proven;
  const output = fromWitnessUtxo(claimed);
  if (proven === undefined) return output;
  if (proven.value !== output.value || !bytesEqual(proven.script, output.script)) {
    throw new BitcoinError('psbt_utxo_conflict', 'The PSBT says two different things about what it spends.', {
      details: { input: index, proven: proven.value.toString(), claimed: output.value.toString() },
    });
  }
  return proven;
}

/** A signature and the public key that it is for, as an input carries them. */
export interface PartialSignature {
  readonly publicKey: Uint8Array;
  /** Strict DER followed by the byte of the signature hash type. */
  readonly signature: Uint8Array;
}

export function partialSignatures(psbt: Psbt, index: number): readonly PartialSignature[] {
  const entries = psbt.inputs[index]?.ofType(INPUT.partialSignature) ?? [];
  return entries.map(({ keyData, value }) => ({ publicKey: keyData, signature: value }));
}

/** The signature hash type that an input asks for, `undefined` when it leaves it open. */
export function sighashTypeOf(psbt: Psbt, index: number): number | undefined {
  const value = psbt.inputs[index]?.get(INPUT.sighashType);
  return value === undefined
    ? undefined
    : new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(0, true);
}
