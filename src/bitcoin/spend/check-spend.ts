import { bytesToHex } from '@noble/hashes/utils.js';
import type { Satoshis } from '../../shared/index.ts';
import { satoshis } from '../../shared/index.ts';
import type { DerivedAddress } from '../descriptors/derive-address.ts';
import type { WalletDescriptor } from '../descriptors/wallet-descriptor.ts';
import { BitcoinError } from '../errors.ts';
import { partialSignatures, sighashTypeOf } from '../psbt/psbt-input.ts';
import { INPUT } from '../psbt/psbt-fields.ts';
import type { Psbt } from '../psbt/psbt.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { SIGHASH_ALL } from '../transactions/sighash.ts';
import {
  dustThreshold,
  MAX_STANDARD_WEIGHT,
  multisigInputWeight,
  outputWeight,
  transactionWeight,
  virtualSize,
} from '../transactions/sizes.ts';
import { outpointOf } from '../transactions/transaction-codec.ts';
import { ownedInput, ownedOutput, type OwnedInput } from './ownership.ts';
import { REPLACEABLE_SEQUENCE, TRANSACTION_VERSION, type SpendLimits } from './spend-limits.ts';
import type { Payment, SpendChange } from './spend.ts';

/** What a spend must be: the wallet it spends, the payments it makes, the limits it stays within. */
export interface SpendExpectation {
  readonly wallet: WalletDescriptor;
  readonly payments: readonly Payment[];
  readonly limits: SpendLimits;
}

/** What a spend that passed its checks is. */
export interface CheckedSpend {
  readonly inputs: readonly OwnedInput[];
  readonly change: SpendChange | null;
  readonly fee: Satoshis;
  /** Upper bound on the signed weight. */
  readonly weight: number;
}

/** @throws BitcoinError `input_foreign`, `previous_transaction_missing`, `psbt_script_mismatch`, `signal_missing`. */
export function checkInput(psbt: Psbt, index: number, wallet: WalletDescriptor): OwnedInput {
  const input = psbt.transaction.ins[index];
  const owned = ownedInput(psbt, index, wallet);
  if (input === undefined || owned === undefined) {
    throw new BitcoinError('input_foreign', 'The transaction spends a coin that is not of this wallet.', {
      details: { input: index, outpoint: input === undefined ? '' : outpointOf(input) },
    });
  }
  if (!owned.spent.proven) {
    throw new BitcoinError(
      'previous_transaction_missing',
      'The transaction that made a coin is missing, so its value is not proven.',
      { details: { input: index, outpoint: outpointOf(input) } },
    );
  }
  const witnessScript = psbt.inputs[index]?.get(INPUT.witnessScript);
  if (witnessScript !== undefined && !bytesEqual(witnessScript, owned.address.witnessScript)) {
    throw new BitcoinError('psbt_script_mismatch', 'A script in the PSBT is not the one of its coin.', {
      details: { input: index },
    });
  }
  if (input.sequence !== REPLACEABLE_SEQUENCE) {
    throw new BitcoinError('signal_missing', 'The transaction must signal that its fee can be raised.', {
      details: { input: index, sequence: input.sequence },
    });
  }
  return owned;
}

/** @throws BitcoinError `sighash_type_refused` unless everything asks for SIGHASH_ALL. */
export function checkSighashTypes(psbt: Psbt, index: number): void {
  const asked = sighashTypeOf(psbt, index) ?? SIGHASH_ALL;
  const given = partialSignatures(psbt, index).map(({ signature }) => signature.at(-1));
  const wrong = [asked, ...given].find((type) => type !== SIGHASH_ALL);
  if (wrong === undefined) return;
  throw new BitcoinError(
    'sighash_type_refused',
    'Only signatures over the whole transaction are made and accepted.',
    { details: { input: index, sighashType: wrong } },
  );
}

function outputName(script: Uint8Array, value: bigint): string {
  return `${bytesToHex(script)}=${value}`;
}

/** The indexes of the outputs that are no payment. @throws BitcoinError `payments_differ`. */
function withoutPayments(psbt: Psbt, payments: readonly Payment[]): number[] {
  const due = new Map<string, number>();
  for (const { scriptPubKey, value } of payments) {
    const name = outputName(scriptPubKey, value);
    due.set(name, (due.get(name) ?? 0) + 1);
  }
  const others = psbt.transaction.outs.flatMap(({ script, value }, index) => {
    const name = outputName(script, value);
    const count = due.get(name) ?? 0;
    if (count === 0) return [index];
    due.set(name, count - 1);
    return [];
  });
  const missing = [...due.values()].reduce((sum, count) => sum + count, 0);
  if (missing > 0) {
    throw new BitcoinError('payments_differ', 'The transaction does not pay what was approved.', {
      details: { missingPayments: missing },
    });
  }
  return others;
}

function checkChange(
  psbt: Psbt,
  others: readonly number[],
  { wallet, limits }: SpendExpectation,
): SpendChange | null {
  const [outputIndex, second] = others;
  if (outputIndex === undefined) return null;
  const address: DerivedAddress | undefined = ownedOutput(psbt, outputIndex, wallet);
  if (second !== undefined || address?.branch !== 'change') {
    throw new BitcoinError('change_not_ours', 'The transaction pays somebody whom nobody approved.', {
      details: { outputs: [...others] },
    });
  }
  if (address.index > limits.maxChangeIndex) {
    throw new BitcoinError(
      'change_index_out_of_bounds',
      'The change lies so far along the wallet that a restored wallet would not find it.',
      { details: { index: address.index, maxChangeIndex: limits.maxChangeIndex } },
    );
  }
  const value = psbt.transaction.outs[outputIndex]?.value ?? 0n;
  return {
    outputIndex,
    position: { branch: address.branch, index: address.index },
    value: satoshis(value),
  };
}

/** @throws BitcoinError `fee_out_of_limits`. */
export function checkFee(fee: bigint, weight: number, limits: SpendLimits): Satoshis {
  const size = BigInt(virtualSize(weight));
  const withinRate = fee * 1000n >= limits.minFeeRate * size && fee * 1000n <= limits.maxFeeRate * size;
  if (withinRate && fee <= limits.maxFee) return satoshis(fee);
  throw new BitcoinError('fee_out_of_limits', 'The fee of the transaction is outside the limits.', {
    details: {
      feeSats: fee.toString(),
      virtualBytes: Number(size),
      maxFeeSats: limits.maxFee.toString(),
      minFeeRate: limits.minFeeRate.toString(),
      maxFeeRate: limits.maxFeeRate.toString(),
    },
  });
}

function checkOutputs(psbt: Psbt): void {
  const dust = psbt.transaction.outs.findIndex(({ script, value }) => value < dustThreshold(script));
  if (dust < 0) return;
  throw new BitcoinError('output_dust', 'An output is so small that nodes would not relay it.', {
    details: { output: dust },
  });
}

/** Upper bound on the weight that a PSBT of `wallet` will have when it is signed. */
export function signedWeightBound(psbt: Psbt, wallet: WalletDescriptor): number {
  const { ins, outs } = psbt.transaction;
  return transactionWeight(
    { count: ins.length, weight: ins.length * multisigInputWeight(wallet.threshold, wallet.keys.length) },
    { count: outs.length, weight: outs.reduce((sum, { script }) => sum + outputWeight(script), 0) },
  );
}

/** From here on a locktime is a time (BIP65). */
const LOCKTIME_THRESHOLD = 500_000_000;

function checkFrame(psbt: Psbt): void {
  const { version, ins, outs, locktime } = psbt.transaction;
  if (version !== TRANSACTION_VERSION || ins.length === 0 || outs.length === 0) {
    throw new BitcoinError('transaction_malformed', 'A spend has version 2, inputs and outputs.', {
      details: { version, inputs: ins.length, outputs: outs.length },
    });
  }
  if (locktime >= LOCKTIME_THRESHOLD) {
    throw new BitcoinError('locktime_refused', 'The transaction may wait for a block, not for a date.', {
      details: { locktime },
    });
  }
  if (new Set(ins.map(outpointOf)).size !== ins.length) {
    throw new BitcoinError('input_duplicate', 'The transaction spends the same coin twice.');
  }
}

/**
 * Checks a PSBT against what it must be, from its bytes and the pinned descriptor alone: every input is the
 * wallet's and its value proven by the previous transaction, the outputs are exactly the payments and at most
 * one change output that the descriptor derives below the bound, fee and fee rate are within the limits, no
 * output is dust, no coin is spent twice, only SIGHASH_ALL is asked for or given. Signatures are not verified.
 * @throws BitcoinError one of the codes of these checks.
 */
export function checkSpend(psbt: Psbt, expectation: SpendExpectation): CheckedSpend {
  checkFrame(psbt);
  const inputs = psbt.transaction.ins.map((_, index) => {
    checkSighashTypes(psbt, index);
    return checkInput(psbt, index, expectation.wallet);
  });
  const change = checkChange(psbt, withoutPayments(psbt, expectation.payments), expectation);
  checkOutputs(psbt);
  const weight = signedWeightBound(psbt, expectation.wallet);
  if (weight > MAX_STANDARD_WEIGHT) {
    throw new BitcoinError('transaction_too_heavy', 'Nodes do not relay so heavy a transaction.', {
      details: { weight },
    });
  }
  const spent = inputs.reduce((sum, input) => sum + input.spent.value, 0n);
  const paid = psbt.transaction.outs.reduce((sum, { value }) => sum + value, 0n);
  return { inputs, change, fee: checkFee(spent - paid, weight, expectation.limits), weight };
}
