import { MAX_MONEY, satoshis, type FeeRate, type Satoshis } from '../../shared/index.ts';
import type { WalletPosition } from '../descriptors/derive-address.ts';
import { BitcoinError } from '../errors.ts';
import { antiFeeSnipingLocktime } from '../selection/locktime.ts';
import { shuffled } from '../selection/random-source.ts';
import { selectCoins, type Selection } from '../selection/select-coins.ts';
import { dustThreshold, multisigInputWeight, outputWeight } from '../transactions/sizes.ts';
import { serializeWithoutWitness } from '../transactions/transaction-codec.ts';
import { addressAt } from './derived-addresses.ts';
import { finishBuild } from './finish-build.ts';
import type { BuiltSpend, Payment, SpendContext, WalletCoin } from './spend.ts';
import { LONG_TERM_FEE_RATE, MINIMUM_CHANGE } from './spend-limits.ts';

export interface SpendRequest extends SpendContext {
  readonly coins: readonly WalletCoin[];
  readonly payments: readonly Payment[];
  /** Default {@link LONG_TERM_FEE_RATE}. */
  readonly longTermFeeRate?: FeeRate;
}

/** @throws BitcoinError `fee_rate_out_of_limits`. */
export function requireFeeRate({ feeRate, limits }: Pick<SpendContext, 'feeRate' | 'limits'>): void {
  if (feeRate >= limits.minFeeRate && feeRate <= limits.maxFeeRate) return;
  throw new BitcoinError('fee_rate_out_of_limits', 'The fee rate is outside the limits.', {
    details: {
      feeRate: feeRate.toString(),
      minFeeRate: limits.minFeeRate.toString(),
      maxFeeRate: limits.maxFeeRate.toString(),
    },
  });
}

/** @throws BitcoinError `payments_missing`, `amount_out_of_range`, `payment_dust`. */
function requirePayable(payments: readonly Payment[]): void {
  if (payments.length === 0) throw new BitcoinError('payments_missing', 'There is nothing to pay.');
  let total = 0n;
  payments.forEach(({ scriptPubKey, value }, payment) => {
    total += value;
    if (value <= 0n || total > MAX_MONEY) {
      throw new BitcoinError(
        'amount_out_of_range',
        'A payment must be more than nothing and less than all.',
        {
          details: { payment, valueSats: value.toString() },
        },
      );
    }
    if (value < dustThreshold(scriptPubKey)) {
      throw new BitcoinError('payment_dust', 'A payment is so small that nodes would not relay it.', {
        details: {
          payment,
          valueSats: value.toString(),
          leastSats: dustThreshold(scriptPubKey).toString(),
        },
      });
    }
  });
}

function sumOf(payments: readonly Payment[]): Satoshis {
  return satoshis(payments.reduce((sum, { value }) => sum + value, 0n));
}

function select(
  request: SpendRequest,
  payments: readonly Payment[],
  changeScript: Uint8Array,
): Selection<WalletCoin> {
  return selectCoins({
    coins: request.coins,
    paid: {
      value: sumOf(payments),
      count: payments.length,
      weight: payments.reduce((sum, { scriptPubKey }) => sum + outputWeight(scriptPubKey), 0),
    },
    inputWeight: multisigInputWeight(request.wallet.threshold, request.wallet.keys.length),
    changeOutputWeight: outputWeight(changeScript),
    minimumChange: MINIMUM_CHANGE,
    feeRate: request.feeRate,
    longTermFeeRate: request.longTermFeeRate ?? LONG_TERM_FEE_RATE,
    random: request.random,
  });
}

function buildOne(request: SpendRequest, payments: readonly Payment[]): BuiltSpend {
  const { wallet, changeIndex, tip, nowMs, random } = request;
  const position: WalletPosition = { branch: 'change', index: changeIndex };
  const { scriptPubKey } = addressAt(wallet, position);
  const selection = select(request, payments, scriptPubKey);
  const change = selection.change > 0n ? [{ scriptPubKey, value: selection.change, position }] : [];
  return finishBuild(
    {
      // In random order, so that nothing tells change from payments.
      coins: shuffled(selection.coins, random),
      outputs: shuffled([...payments, ...change], random),
      payments,
      locktime: antiFeeSnipingLocktime(tip, nowMs, random),
    },
    request,
  );
}

/** The change of a transaction that is not broadcast yet, as a coin for the one after it. */
function changeCoin({ psbt, txid, coins, change }: BuiltSpend): WalletCoin[] {
  if (change === null) return [];
  return [
    {
      outpoint: `${txid}:${change.outputIndex}`,
      value: change.value,
      confirmations: 0,
      ownChange: true,
      unconfirmedAncestors: coins.reduce((sum, coin) => sum + coin.unconfirmedAncestors, 1),
      position: change.position,
      previousTransaction: serializeWithoutWitness(psbt.transaction),
    },
  ];
}

function coinsAfter(coins: readonly WalletCoin[], built: BuiltSpend): WalletCoin[] {
  const spent = new Set(built.coins.map(({ outpoint }) => outpoint));
  return [...coins.filter(({ outpoint }) => !spent.has(outpoint)), ...changeCoin(built)];
}

function isTooHeavy(thrown: unknown): boolean {
  return thrown instanceof BitcoinError && thrown.code === 'transaction_too_heavy';
}

/**
 * Builds the transactions that make all payments from one wallet: one, or several where one would weigh more
 * than nodes relay (400,000 weight units). A later one may spend the change of an earlier one, so they are to be
 * broadcast in order. No coin is used twice; each transaction takes the next change index. The same request
 * with the same random numbers gives the same transactions.
 * @throws BitcoinError `payments_missing`, `amount_out_of_range`, `payment_dust`, `fee_rate_out_of_limits`,
 * `insufficient_funds`, `unconfirmed_chain_too_long`, `transaction_too_heavy` (one payment alone needs too many
 * coins: consolidate first), and those of `composePsbt` and `checkSpend`.
 */
export function buildSpends(request: SpendRequest): readonly BuiltSpend[] {
  requireFeeRate(request);
  requirePayable(request.payments);
  const built: BuiltSpend[] = [];
  const batches: (readonly Payment[])[] = [request.payments];
  let { coins, changeIndex } = request;
  for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
    try {
      const next = buildOne({ ...request, coins, changeIndex }, batch);
      built.push(next);
      coins = coinsAfter(coins, next);
      if (next.change !== null) changeIndex++;
    } catch (thrown) {
      if (batch.length === 1 || !isTooHeavy(thrown)) throw thrown;
      const half = Math.ceil(batch.length / 2);
      batches.push(batch.slice(half), batch.slice(0, half));
    }
  }
  return built;
}
