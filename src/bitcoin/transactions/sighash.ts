import { crypto, type Transaction } from 'bitcoinjs-lib';
import { ByteWriter } from './byte-writer.ts';

/** The only signature hash type Trilock signs or accepts: everything in the transaction is committed to. */
export const SIGHASH_ALL = 0x01;

/** The BIP143 hash that a signature over one input signs, SIGHASH_ALL. */
export type WitnessV0Sighash = (inputIndex: number, scriptCode: Uint8Array, value: bigint) => Uint8Array;

/**
 * Signature hashes of BIP143 for every input of a transaction over one midstate: the three hashes that all
 * inputs share are computed once, so n inputs cost n, where hashing them anew for each costs n².
 * The transaction must not change afterwards. Scripts are taken as they are: OP_CODESEPARATOR has no place in
 * the multisig scripts that this library signs. Source: BIP143.
 */
export function witnessV0Sighashes(transaction: Transaction): WitnessV0Sighash {
  const prevouts = new ByteWriter(transaction.ins.length * 36);
  const sequences = new ByteWriter(transaction.ins.length * 4);
  for (const input of transaction.ins) {
    prevouts.bytes(input.hash).uint32(input.index);
    sequences.uint32(input.sequence);
  }
  const outputs = new ByteWriter(transaction.outs.length * 43);
  for (const output of transaction.outs) outputs.int64(output.value).prefixed(output.script);
  const hashPrevouts = crypto.hash256(prevouts.finish());
  const hashSequence = crypto.hash256(sequences.finish());
  const hashOutputs = crypto.hash256(outputs.finish());
  return (inputIndex, scriptCode, value) => {
    const input = transaction.ins[inputIndex];
    if (input === undefined) throw new RangeError(`no input ${inputIndex}`);
    return crypto.hash256(
      new ByteWriter(161 + scriptCode.length)
        .uint32(transaction.version)
        .bytes(hashPrevouts)
        .bytes(hashSequence)
        .bytes(input.hash)
        .uint32(input.index)
        .prefixed(scriptCode)
        .int64(value)
        .uint32(input.sequence)
        .bytes(hashOutputs)
        .uint32(transaction.locktime)
        .uint32(SIGHASH_ALL)
        .finish(),
    );
  };
}
