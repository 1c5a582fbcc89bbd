import { bytesToHex } from '@noble/hashes/utils.js';
import { Transaction as ScureTransaction } from '@scure/btc-signer';
import type { Transaction } from 'bitcoinjs-lib';
import { BitcoinError } from '../errors.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { SIGHASH_ALL, type WitnessV0Sighash } from '../transactions/sighash.ts';
import { hashToTxid, transactionId } from '../transactions/transaction-codec.ts';
import type { OwnedInput } from './ownership.ts';

/** Inputs whose signature hash is computed twice; each costs a pass over the whole transaction. */
const SAMPLED_INPUTS = 3;

function differs(what: string): never {
  throw new BitcoinError(
    'second_opinion_differs',
    'Two libraries read the finished transaction differently.',
    {
      details: { what },
    },
  );
}

/** The first input, the last, and one between them that the txid decides. */
function sample(inputs: number, txid: string): number[] {
  const between = Number.parseInt(txid.slice(0, 8), 16) % inputs;
  return [...new Set([0, inputs - 1, between])].slice(0, SAMPLED_INPUTS);
}

function parse(bytes: Uint8Array): ScureTransaction {
  try {
    return ScureTransaction.fromRaw(bytes, {
      allowUnknownOutputs: true,
      allowUnknownInputs: true,
      disableScriptCheck: true,
    });
  } catch (cause) {
    throw new BitcoinError(
      'second_opinion_differs',
      'A second library cannot read the finished transaction.',
      {
        details: { what: 'form' },
        cause,
      },
    );
  }
}

/**
 * Reads the bytes of a finished transaction with `@scure/btc-signer`, which shares no code with bitcoinjs-lib,
 * and compares inputs, outputs, locktime, txid and weight, and on a sample of inputs the signature hashes.
 * @throws BitcoinError `second_opinion_differs`.
 */
export function requireSecondOpinion(
  bytes: Uint8Array,
  transaction: Transaction,
  inputs: readonly OwnedInput[],
  sighash: WitnessV0Sighash,
): void {
  const other = parse(bytes);
  const txid = transactionId(transaction);
  if (other.id !== txid) differs('txid');
  if (other.weight !== transaction.weight()) differs('weight');
  if (other.lockTime !== transaction.locktime || other.version !== transaction.version) differs('locktime');
  if (other.inputsLength !== transaction.ins.length) differs('inputs');
  if (other.outputsLength !== transaction.outs.length) differs('outputs');
  transaction.ins.forEach(({ hash, index, sequence }, i) => {
    const input = other.getInput(i);
    const named = input.txid !== undefined && bytesToHex(input.txid) === hashToTxid(hash);
    if (!named || input.index !== index || input.sequence !== sequence) differs('inputs');
  });
  transaction.outs.forEach(({ script, value }, i) => {
    const output = other.getOutput(i);
    if (output.amount !== value || !bytesEqual(output.script ?? new Uint8Array(), script)) differs('outputs');
  });
  for (const index of sample(inputs.length, txid)) {
    const input = inputs[index];
    if (input === undefined) continue;
    const { witnessScript } = input.address;
    const theirs = other.preimageWitnessV0(index, witnessScript, SIGHASH_ALL, input.spent.value);
    if (!bytesEqual(theirs, sighash(index, witnessScript, input.spent.value))) differs('signature hash');
  }
}
