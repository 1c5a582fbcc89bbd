import type { FeeRate, Satoshis } from '../../shared/index.ts';
import type { WalletDescriptor } from '../descriptors/wallet-descriptor.ts';
import { BitcoinError } from '../errors.ts';
import {
  feeForTransactionWeight,
  feeForWeight,
  multisigInputWeight,
  outputWeight,
  transactionWeight,
} from '../transactions/sizes.ts';
import { addressAt } from './derived-addresses.ts';
import { requireFeeRate } from './build-spends.ts';
import type { PlannedOutput } from './compose-psbt.ts';
import { finishBuild } from './finish-build.ts';
import type { BuiltSpend } from './spend.ts';
import { MINIMUM_CHANGE, type SpendLimits } from './spend-limits.ts';

export interface FeeBumpRequest {
  readonly wallet: WalletDescriptor;
  /** The transaction to replace. */
  readonly original: BuiltSpend;
  readonly feeRate: FeeRate;
  readonly limits: SpendLimits;
  /** Fees of the transactions that spend its outputs and would be thrown out with it; zero when none do. */
  readonly descendantFees: Satoshis;
}

/** What nodes ask for relaying once more (Bitcoin Core's default up to version 29; later ones ask less). */
const INCREMENTAL_RELAY_RATE = 1_000n as FeeRate;

function refuse(reason: string, details: Record<string, string> = {}): never {
  throw new BitcoinError('replacement_not_possible', `The fee cannot be raised: ${reason}.`, { details });
}

function weightOf(wallet: WalletDescriptor, inputs: number, outputs: readonly PlannedOutput[]): number {
  return transactionWeight(
    { count: inputs, weight: inputs * multisigInputWeight(wallet.threshold, wallet.keys.length) },
    {
      count: outputs.length,
      weight: outputs.reduce((sum, { scriptPubKey }) => sum + outputWeight(scriptPubKey), 0),
    },
  );
}

/** The least that BIP125 lets a replacement pay: all that it replaces (rule 3) and its own relay (rule 4). */
function leastFee({ original, descendantFees }: FeeBumpRequest, weight: number): bigint {
  return original.fee + descendantFees + feeForTransactionWeight(INCREMENTAL_RELAY_RATE, weight);
}

function outputsOf({ original, wallet }: FeeBumpRequest, change: bigint): PlannedOutput[] {
  return original.psbt.transaction.outs.flatMap(({ script, value }, index) => {
    if (index !== original.change?.outputIndex) return [{ scriptPubKey: script, value }];
    const { position } = original.change;
    const { scriptPubKey } = addressAt(wallet, position);
    return change === 0n ? [] : [{ scriptPubKey, value: change, position }];
  });
}

/**
 * The same transaction with a higher fee: same inputs, same payments in the same places, only change is smaller
 * or gone. It pays `feeRate` or what BIP125 rules 3 and 4 ask, whichever is more.
 * @throws BitcoinError `replacement_not_possible` when there is no change, or too little of it, or the rate is
 * not above the old one; `fee_rate_out_of_limits`; `fee_out_of_limits`; those of `composePsbt`, `checkSpend`.
 */
export function bumpFee(request: FeeBumpRequest): BuiltSpend {
  requireFeeRate(request);
  const { original, wallet, feeRate } = request;
  if (original.change === null) refuse('there is no change to take it from');
  const inputs = original.coins.length;
  const available = original.change.value + original.fee;
  const withChange = weightOf(wallet, inputs, outputsOf(request, original.change.value));
  if (feeForWeight(feeRate, original.weight) <= original.fee) refuse('the rate is not higher than before');
  const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
  const fee = max(feeForTransactionWeight(feeRate, withChange), leastFee(request, withChange));
  let change = available - fee;
  if (change < MINIMUM_CHANGE) {
    const without = outputsOf(request, 0n);
    const weight = weightOf(wallet, inputs, without);
    const needed = max(feeForTransactionWeight(feeRate, weight), leastFee(request, weight));
    if (available < needed || without.length === 0) {
      refuse('the change does not cover it', {
        availableSats: available.toString(),
        neededSats: needed.toString(),
      });
    }
    change = 0n;
  }
  return finishBuild(
    {
      coins: original.coins,
      outputs: outputsOf(request, change),
      payments: original.payments,
      locktime: original.psbt.transaction.locktime,
    },
    request,
  );
}
