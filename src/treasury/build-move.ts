import {
  buildSpends,
  DEFAULT_SPEND_LIMITS,
  deriveAddress,
  parseDescriptor,
  BitcoinError,
  type BuiltSpend,
  type SpendContext,
  type WalletCoin,
} from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { TreasuryMoveBody } from '../intents/index.ts';
import { feeRateFromSatsPerKvb, parseSatoshis, satoshis, type Satoshis } from '../shared/index.ts';
import { freeCoins, type SourceWallet } from '../withdrawals/index.ts';
import type { TreasuryStepParts } from './treasury-parts.ts';

/** A move can wait for its block. */
const TARGET_BLOCKS = 144;

/** All but the place of the change, which is taken when something is built. */
export interface MoveContext extends Omit<SpendContext, 'changeIndex'> {
  /** Confirmed, free, and not wanted by any payout. */
  readonly coins: readonly WalletCoin[];
}

/** What a transaction out of a wallet is built with now; the manifest's own limits on fees. */
export async function contextOf(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  from: SourceWallet,
): Promise<MoveContext> {
  const { node, trust, clock, random } = parts;
  const { limits } = await trust.manifest();
  const { feeRate: estimate } = await node.feeEstimate(TARGET_BLOCKS);
  const dearest = feeRateFromSatsPerKvb(BigInt(limits.maxFeeRateSatsPerKvb));
  const least = DEFAULT_SPEND_LIMITS.minFeeRate;
  const tip = await node.tip();
  const { header } = await node.header(tip.hash);
  const free = await freeCoins(parts, tx, from.id);
  return {
    wallet: from.descriptor,
    coins: free.filter(({ confirmations }) => confirmations > 0),
    feeRate: estimate < least ? least : estimate > dearest ? dearest : estimate,
    limits: {
      ...DEFAULT_SPEND_LIMITS,
      maxFeeRate: dearest,
      maxFee: parseSatoshis(limits.maxFeeSatoshis),
    },
    tip: { height: tip.height, timeMs: header.time * 1000 },
    nowMs: clock.nowMs(),
    random,
  };
}

type Destination = (TreasuryMoveBody & { readonly purpose: 'sweep' | 'refill' })['to'];

/** One transaction that pays an amount to the other wallet. @throws BitcoinError `insufficient_funds`, `fee_out_of_limits`, …. */
export function buildTransfer(
  context: MoveContext & Pick<SpendContext, 'changeIndex'>,
  to: Destination,
  amount: Satoshis,
  maxFee: Satoshis = context.limits.maxFee,
): BuiltSpend {
  const descriptor = parseDescriptor(to.descriptor, context.wallet.network);
  const { scriptPubKey } = deriveAddress(descriptor, 'change', to.index);
  const limits = {
    ...context.limits,
    maxFee: maxFee < context.limits.maxFee ? maxFee : context.limits.maxFee,
  };
  const [built, second] = buildSpends({ ...context, limits, payments: [{ scriptPubKey, value: amount }] });
  if (built !== undefined && second === undefined) return built;
  throw new BitcoinError('insufficient_funds', 'It does not fit into one transaction.');
}

/** What all coins of a wallet together are worth. */
export function worthOf(coins: readonly WalletCoin[]): Satoshis {
  return satoshis(coins.reduce((sum, { value }) => sum + value, 0n));
}
