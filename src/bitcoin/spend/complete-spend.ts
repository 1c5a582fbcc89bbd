import type { Transaction } from 'bitcoinjs-lib';
import { satoshis, type Satoshis } from '../../shared/index.ts';
import { parseMultisigScript } from '../transactions/multisig-script.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { witnessV0Sighashes, type WitnessV0Sighash } from '../transactions/sighash.ts';
import { MAX_STANDARD_WEIGHT, virtualSize } from '../transactions/sizes.ts';
import { parseTransaction, serializeTransaction, transactionId } from '../transactions/transaction-codec.ts';
import { extractTransaction, finalizePsbt } from '../psbt/finalize-psbt.ts';
import type { Psbt } from '../psbt/psbt.ts';
import { BitcoinError } from '../errors.ts';
import { checkFee, checkSpend, type CheckedSpend, type SpendExpectation } from './check-spend.ts';
import type { OwnedInput } from './ownership.ts';
import { requireSecondOpinion } from './second-opinion.ts';
import { requireSignature } from './signatures.ts';

/** A transaction that may be broadcast. */
export interface CompletedSpend {
  readonly bytes: Uint8Array;
  readonly txid: string;
  readonly weight: number;
  readonly virtualBytes: number;
  readonly fee: Satoshis;
}

function missing(input: number): never {
  throw new BitcoinError('signature_missing', 'An input does not carry the signatures that it needs.', {
    details: { input },
  });
}

/** `<empty> <signature> … <witness script>`, each signature by a later key of the script than the one before. */
function requireWitness(
  witness: readonly Uint8Array[],
  { address, spent }: OwnedInput,
  input: number,
  sighash: WitnessV0Sighash,
): void {
  const multisig = parseMultisigScript(address.witnessScript);
  const script = witness.at(-1);
  const signatures = witness.slice(1, -1);
  if (multisig === undefined || script === undefined || witness[0]?.length !== 0) missing(input);
  if (!bytesEqual(script, address.witnessScript) || signatures.length !== multisig.threshold) missing(input);
  const digest = sighash(input, address.witnessScript, spent.value);
  let nextKey = 0;
  let firstRefusal: unknown;
  for (const signature of signatures) {
    let by = -1;
    for (; nextKey < multisig.publicKeys.length && by < 0; nextKey++) {
      const publicKey = multisig.publicKeys[nextKey] ?? new Uint8Array();
      try {
        requireSignature(signature, publicKey, digest, input);
        by = nextKey;
      } catch (thrown) {
        firstRefusal ??= thrown;
      }
    }
    if (by < 0) throw firstRefusal;
  }
}

function requireSameTransaction(finished: Transaction, psbt: Psbt): void {
  if (transactionId(finished) === transactionId(psbt.transaction)) return;
  throw new BitcoinError('second_opinion_differs', 'The finished transaction is not the one of the PSBT.', {
    details: { what: 'txid' },
  });
}

/** The bytes as they are, against the PSBT whose inputs were checked. */
function finished(
  bytes: Uint8Array,
  psbt: Psbt,
  { inputs, fee }: CheckedSpend,
  { limits }: SpendExpectation,
): CompletedSpend {
  const transaction = parseTransaction(bytes);
  requireSameTransaction(transaction, psbt);
  const sighash = witnessV0Sighashes(transaction);
  transaction.ins.forEach(({ witness, script }, index) => {
    const owned = inputs[index];
    if (owned === undefined || script.length > 0) missing(index);
    requireWitness(witness, owned, index, sighash);
  });
  const weight = transaction.weight();
  if (weight > MAX_STANDARD_WEIGHT) {
    throw new BitcoinError('transaction_too_heavy', 'Nodes do not relay so heavy a transaction.', {
      details: { weight },
    });
  }
  checkFee(fee, weight, limits);
  requireSecondOpinion(bytes, transaction, inputs, sighash);
  return {
    bytes,
    txid: transactionId(transaction),
    weight,
    virtualBytes: virtualSize(weight),
    fee: satoshis(fee),
  };
}

/**
 * Finalizes a signed PSBT and makes sure that what comes out may be broadcast. The PSBT passes `checkSpend`
 * anew; then the bytes of the finished transaction are parsed again and checked as they are: the same
 * transaction, every witness with its script and exactly the signatures needed, each verified over one BIP143
 * midstate, weight and true fee rate within the limits, and `@scure/btc-signer` reads the same.
 * @throws BitcoinError those of `checkSpend` and `finalizePsbt`, `signature_invalid`, `signature_malformed`,
 * `signature_missing`, `sighash_type_refused`, `fee_out_of_limits`, `second_opinion_differs`.
 */
export function completeSpend(psbt: Psbt, expectation: SpendExpectation): CompletedSpend {
  const checked = checkSpend(psbt, expectation);
  const bytes = serializeTransaction(extractTransaction(finalizePsbt(psbt)));
  return finished(bytes, psbt, checked, expectation);
}

/**
 * Checks a transaction that somebody else finished: it is the one of the PSBT, which needs no signatures of its own,
 * and passes all that `completeSpend` asks of one. @throws BitcoinError as `completeSpend`.
 */
export function checkFinished(bytes: Uint8Array, psbt: Psbt, expectation: SpendExpectation): CompletedSpend {
  return finished(bytes, psbt, checkSpend(psbt, expectation), expectation);
}
