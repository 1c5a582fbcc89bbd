import { multisigInputWeight, outputWeight, transactionWeight, type NetworkName } from '../bitcoin/index.ts';
import { satoshis, type Satoshis } from '../shared/index.ts';
import type { SpendIntent } from './intent-contract.ts';
import { spendRulesOf } from './kinds/index.ts';

/** What an intent bears of the fee of a transaction that it shares with others. */
export interface FeeBearer {
  /** The highest fee that its customer asked for and people approved. */
  readonly cap: Satoshis;
  /** What it would weigh as a transaction of its own that spends one coin: its part in the whole. */
  readonly weight: number;
}

/** P2WSH: where change goes. */
const CHANGE_WEIGHT = 4 * (8 + 1 + 34);

/** From the intent's own words alone, so that everybody comes to the same. */
export function feeBearerOf(intent: SpendIntent, network: NetworkName): FeeBearer {
  const rules = spendRulesOf(intent);
  const paid = rules.outputs(intent, network);
  const outputs = {
    count: paid.length + 1,
    weight: paid.reduce((sum, { scriptPubKey }) => sum + outputWeight(scriptPubKey), CHANGE_WEIGHT),
  };
  return {
    cap: rules.maxFee(intent),
    weight: transactionWeight({ count: 1, weight: multisigInputWeight(2, 3) }, outputs),
  };
}

function totalWeight(bearers: readonly FeeBearer[]): bigint {
  return BigInt(bearers.reduce((sum, { weight }) => sum + weight, 0));
}

/**
 * What each bears of a fee, in their order: in proportion to weight, whatever their caps, so that nobody pays for
 * the hundred payees of somebody else. The shares add up to the fee, to the satoshi.
 */
export function shareFee(fee: Satoshis, bearers: readonly FeeBearer[]): readonly Satoshis[] {
  const total = totalWeight(bearers);
  const exact = bearers.map(({ weight }) => fee * BigInt(weight));
  const shares = exact.map((product) => product / total);
  let rest = fee - shares.reduce((sum, share) => sum + share, 0n);
  return shares.map((share, index) => {
    // Only who bears a fraction more than this takes a satoshi of the rest: a share never passes its cap so.
    if (rest === 0n || (exact[index] ?? 0n) % total === 0n) return satoshis(share);
    rest -= 1n;
    return satoshis(share + 1n);
  });
}

/** The highest fee of which everybody's share is within their cap. */
export function jointFeeCap(bearers: readonly FeeBearer[]): Satoshis {
  const total = totalWeight(bearers);
  const caps = bearers.map(({ cap, weight }) => (cap * total) / BigInt(weight));
  return satoshis(caps.reduce((least, cap) => (cap < least ? cap : least)));
}
