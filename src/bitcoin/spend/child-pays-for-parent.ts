import type { Satoshis } from '../../shared/index.ts';
import type { WalletPosition } from '../descriptors/derive-address.ts';
import { BitcoinError } from '../errors.ts';
import { MAX_UNCONFIRMED_ANCESTORS } from '../selection/eligible-coins.ts';
import { antiFeeSnipingLocktime } from '../selection/locktime.ts';
import {
  feeForTransactionWeight,
  feeForWeight,
  multisigInputWeight,
  outputWeight,
  transactionWeight,
} from '../transactions/sizes.ts';
import { addressAt } from './derived-addresses.ts';
import { requireFeeRate } from './build-spends.ts';
import { finishBuild } from './finish-build.ts';
import type { BuiltSpend, SpendContext, WalletCoin } from './spend.ts';
import { MINIMUM_CHANGE } from './spend-limits.ts';

export interface ChildRequest extends SpendContext {
  /** An unconfirmed output of the wallet: change of a payout, or a deposit that is to be confirmed soon. */
  readonly coin: WalletCoin;
  /** The unconfirmed transactions that the coin depends on, the one that made it included, as one package. */
  readonly ancestors: { readonly count: number; readonly fees: Satoshis; readonly weight: number };
}

function refuse(reason: string): never {
  throw new BitcoinError('child_not_possible', `A child cannot pay for its parents: ${reason}.`);
}

/**
 * Builds the child that spends `coin` to the wallet's change branch and pays so much that it and its ancestors
 * together pay `feeRate`. Miners take parent and child as one (child pays for parent).
 * @throws BitcoinError `child_not_possible` when the coin is too small, confirmed, or too deep in unconfirmed
 * transactions; `fee_rate_out_of_limits`, `fee_out_of_limits`; those of `composePsbt` and `checkSpend`.
 */
export function buildChildPaysForParent(request: ChildRequest): BuiltSpend {
  requireFeeRate(request);
  const { wallet, coin, ancestors, feeRate, tip, nowMs, random } = request;
  if (coin.confirmations > 0) refuse('the coin is confirmed');
  if (ancestors.count > MAX_UNCONFIRMED_ANCESTORS) refuse('it has too many unconfirmed ancestors');
  const position: WalletPosition = { branch: 'change', index: request.changeIndex };
  const { scriptPubKey } = addressAt(wallet, position);
  const weight = transactionWeight(
    { count: 1, weight: multisigInputWeight(wallet.threshold, wallet.keys.length) },
    { count: 1, weight: outputWeight(scriptPubKey) },
  );
  const owed = feeForTransactionWeight(feeRate, weight + ancestors.weight) - ancestors.fees;
  // Alone it must still be worth relaying, however well its parents pay.
  const least = feeForTransactionWeight(request.limits.minFeeRate, weight);
  if (feeForWeight(feeRate, ancestors.weight) <= ancestors.fees) refuse('its parents pay that rate already');
  const value = coin.value - (owed > least ? owed : least);
  if (value < MINIMUM_CHANGE) refuse('the coin is too small');
  return finishBuild(
    {
      coins: [coin],
      outputs: [{ scriptPubKey, value, position }],
      payments: [],
      locktime: antiFeeSnipingLocktime(tip, nowMs, random),
    },
    request,
  );
}
