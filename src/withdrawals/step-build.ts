import {
  BitcoinError,
  buildSpends,
  type BuiltSpend,
  type SpendRequest,
  type WalletCoin,
} from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import {
  crashPoint,
  feeRateFromSatsPerKvb,
  idToUuid,
  newId,
  type FeeRate,
  type WalletId,
} from '../shared/index.ts';
import { bundleOf, checkBundle, expectationOf, requireOwnTransaction, sourceOf } from './bundle.ts';
import { moveAll } from './group-moves.ts';
import { insertPayout, latestOf, type Payout } from './payout-store.ts';
import type { Group, StepParts } from './withdrawal-parts.ts';

/** Coins are kept for so long for a cosigner who does not come; then others may have them. */
const RESERVATION_MS = 72 * 3_600_000;
/** A payout should be in one of the next blocks, not in the very next. */
const TARGET_BLOCKS = 6;
/** How the rate goes down until the fee fits the approved cap. */
const RATE_STEPS = 12;

function tooDear(thrown: unknown): boolean {
  return (
    thrown instanceof BitcoinError &&
    (thrown.code === 'fee_out_of_limits' || thrown.code === 'insufficient_funds')
  );
}

/** At the estimated rate, or at the highest below it whose fee stays within the approved cap. */
function buildWithinCap(
  request: Omit<SpendRequest, 'feeRate'>,
  estimate: FeeRate,
): { readonly spend: BuiltSpend; readonly feeRate: FeeRate } {
  const { minFeeRate, maxFeeRate } = request.limits;
  let rate: bigint = estimate > maxFeeRate ? maxFeeRate : estimate;
  for (let step = 0; ; step++) {
    const feeRate = feeRateFromSatsPerKvb(rate > minFeeRate ? rate : minFeeRate);
    try {
      const [spend, second] = buildSpends({ ...request, feeRate });
      if (spend !== undefined && second === undefined) return { spend, feeRate };
      throw new BitcoinError('transaction_too_heavy', 'One transaction cannot make all these payments.');
    } catch (thrown) {
      if (!tooDear(thrown) || feeRate === minFeeRate || step >= RATE_STEPS) throw thrown;
      rate = (rate * 4n) / 5n;
    }
  }
}

/** Coins that no living payout of ours spends, also one whose block a reorganisation has taken back. */
async function freeCoins(
  { wallets }: StepParts,
  tx: DatabaseTransaction,
  wallet: WalletId,
): Promise<readonly WalletCoin[]> {
  const coins = await wallets.coins(tx, wallet);
  const kept = await tx.payoutInput.findMany({
    where: { released: false, payout: { walletId: idToUuid(wallet) }, txid: { in: coins.map(txidOf) } },
    select: { txid: true, vout: true },
  });
  const keptOutpoints = new Set(kept.map(({ txid, vout }) => `${txid}:${vout}`));
  return coins.filter(({ outpoint }) => !keptOutpoints.has(outpoint));
}

function txidOf({ outpoint }: WalletCoin): string {
  return outpoint.slice(0, outpoint.indexOf(':'));
}

/** `approved`: reserves coins and builds the transaction from the tip, within the approved cap. */
export async function stepBuild(parts: StepParts, tx: DatabaseTransaction, group: Group): Promise<void> {
  const { node, wallets, trust, clock, random } = parts;
  const [{ withdrawal }] = group.members;
  const intents = [];
  for (const { stored } of group.members) {
    // Kept from now on: nobody cancels or rejects it between this look and the reservation.
    intents.push((await parts.queue.lock(tx, stored.id)).intent);
  }
  const wallet = await sourceOf(parts, tx, withdrawal.walletId, group.members);
  const { feeRate: estimate } = await node.feeEstimate(TARGET_BLOCKS);
  const tip = await node.tip();
  const { header } = await node.header(tip.hash);
  const { payments, limits } = expectationOf(wallet, intents, await trust.manifest());
  const { spend, feeRate } = buildWithinCap(
    {
      wallet: wallet.descriptor,
      coins: await freeCoins(parts, tx, wallet.id),
      payments,
      limits,
      changeIndex: await wallets.nextChangeIndex(tx, wallet.id),
      tip: { height: tip.height, timeMs: header.time * 1000 },
      nowMs: clock.nowMs(),
      random,
    },
    estimate,
  );
  const id = newId('payout');
  const reservedUntil = new Date(clock.nowMs() + RESERVATION_MS);
  await insertPayout(tx, { id, walletId: wallet.id, reservedUntil }, spend, feeRate, new Date(clock.nowMs()));
  const outpoints = spend.coins.map(({ outpoint }) => outpoint);
  await wallets.reserve(tx, { payout: id, wallet: wallet.id, outpoints, until: reservedUntil });
  await moveAll(parts, tx, group, 'build', {
    change: { payoutId: idToUuid(id) },
    data: { payout: id, txid: spend.txid, feeSatoshis: spend.fee.toString() },
  });
  crashPoint('withdrawal.built');
}

/** `built`: checks the bundle as the cosigners will, and lets it be fetched. */
export async function stepPresent(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group & { readonly payout: Payout },
): Promise<void> {
  const wallet = await sourceOf(parts, tx, group.payout.walletId, group.members);
  const manifest = await parts.trust.manifest();
  const latest = latestOf(group.payout);
  requireOwnTransaction(latest);
  const { psbt } = latest;
  const bundle = await bundleOf(wallet, group.members, psbt, manifest, parts.clock.nowMs());
  await checkBundle(parts, wallet, bundle);
  await moveAll(parts, tx, group, 'present', { change: { presented: true } });
  crashPoint('withdrawal.presented');
}
