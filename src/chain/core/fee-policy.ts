import { feeRateFromSatsPerKvb, MAX_FEE_RATE, type FeeRate } from '../../shared/index.ts';
import type { FeeEstimate } from '../chain-node.ts';
import { isRpcNumber, type RpcValue } from '../rpc/rpc-json.ts';
import { scaledByHundredMillion } from '../rpc/rpc-values.ts';

/** All in satoshis per 1000 virtual bytes. */
export interface FeePolicy {
  /** Nothing below is relayed with certainty by every node. */
  readonly floor: FeeRate;
  /** No estimate is followed beyond: a lying node could otherwise burn a wallet in fees. */
  readonly ceiling: FeeRate;
  /** Used when the node has no estimate, or one that no chain ever had. */
  readonly fallback: FeeRate;
}

export const DEFAULT_FEE_POLICY: FeePolicy = {
  // 1 sat/vB: the relay minimum of Bitcoin Core before version 30, and of most nodes still.
  floor: feeRateFromSatsPerKvb(1_000n),
  // 500 sat/vB: the highest that blocks have asked for over more than a few hours.
  ceiling: feeRateFromSatsPerKvb(500_000n),
  // 20 sat/vB: has been mined within a day in almost every week.
  fallback: feeRateFromSatsPerKvb(20_000n),
};

/** The rate in sat/kvB behind a number of BTC/kvB; `undefined` for one that no chain ever had. */
function plausibleRate(value: RpcValue | undefined): FeeRate | undefined {
  const scaled = isRpcNumber(value) ? scaledByHundredMillion(value) : undefined;
  return scaled === undefined || scaled === 0n || scaled > MAX_FEE_RATE
    ? undefined
    : feeRateFromSatsPerKvb(scaled);
}

function larger(a: FeeRate, b: FeeRate): FeeRate {
  return a > b ? a : b;
}

/**
 * An estimate that is safe to pay: the node's within floor and ceiling, and never below what its memory pool takes
 * at the moment (`mempoolminfee`), as far as the ceiling allows.
 */
export function boundedEstimate(
  estimate: RpcValue | undefined,
  mempoolMinimum: RpcValue | undefined,
  policy: FeePolicy,
): FeeEstimate {
  const told = plausibleRate(estimate);
  const wanted = told ?? policy.fallback;
  const floor = larger(policy.floor, plausibleRate(mempoolMinimum) ?? policy.floor);
  const source = told === undefined ? 'fallback' : 'node';
  if (wanted > policy.ceiling || floor > policy.ceiling) {
    return { feeRate: policy.ceiling, source, clampedTo: 'ceiling' };
  }
  return wanted < floor
    ? { feeRate: floor, source, clampedTo: 'floor' }
    : { feeRate: wanted, source, clampedTo: undefined };
}
