import {
  BitcoinError,
  buildSpends,
  type BuiltSpend,
  type SpendLimits,
  type SpendRequest,
  type WalletCoin,
} from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import {
  crashPoint,
  feeRateFromSatsPerKvb,
  idToUuid,
  isDomainError,
  newId,
  type FeeRate,
  type WalletId,
} from '../shared/index.ts';
import { bundleOf, checkBundle, expectationOf, requireOwnTransaction, sourceOf } from './bundle.ts';
import { bearingRate } from './form-batch.ts';
import { moveAll } from './group-moves.ts';
import { spendableNow } from './own-change.ts';
import { buildVariants } from './fee-variants.ts';
import { insertPayout, latestOf, type Payout } from './payout-store.ts';
import type { SourceWallet } from './ports.ts';
import { insertVariants, variantsOf } from './variant-store.ts';
import type { Group, Member, StepParts } from './withdrawal-parts.ts';

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
export async function freeCoins(
  { wallets }: Pick<StepParts, 'wallets'>,
  tx: DatabaseTransaction,
  wallet: WalletId,
): Promise<readonly WalletCoin[]> {
  const coins = await wallets.coins(tx, wallet);
  const kept = await tx.payoutInput.findMany({
    where: { released: false, payout: { walletId: idToUuid(wallet) }, txid: { in: coins.map(txidOf) } },
    select: { txid: true, vout: true },
  });
  const keptOutpoints = new Set(kept.map(({ txid, vout }) => `${txid}:${vout}`));
  return await spendableNow(
    tx,
    coins.filter(({ outpoint }) => !keptOutpoints.has(outpoint)),
  );
}

function txidOf({ outpoint }: WalletCoin): string {
  return outpoint.slice(0, outpoint.indexOf(':'));
}

/** What is the same however many withdrawals are built together. */
async function contextOf(parts: StepParts, tx: DatabaseTransaction, wallet: SourceWallet) {
  const { node, wallets, trust, clock, random } = parts;
  const { feeRate: estimate } = await node.feeEstimate(TARGET_BLOCKS);
  const tip = await node.tip();
  const { header } = await node.header(tip.hash);
  return {
    ...{ wallet, estimate, random },
    manifest: await trust.manifest(),
    coins: await freeCoins(parts, tx, wallet.id),
    changeIndex: await wallets.nextChangeIndex(tx, wallet.id),
    tip: { height: tip.height, timeMs: header.time * 1000 },
    nowMs: clock.nowMs(),
  };
}

type Context = Awaited<ReturnType<typeof contextOf>>;
type Members = Group['members'];

interface Plan {
  readonly members: Members;
  readonly spend: BuiltSpend;
  readonly feeRate: FeeRate;
  readonly limits: SpendLimits;
}

function plan({ wallet, manifest, estimate, ...context }: Context, members: Members): Plan {
  const intents = members.map(({ stored }) => stored.intent);
  const { payments, limits } = expectationOf(wallet, intents, manifest);
  const request = { ...context, wallet: wallet.descriptor, payments, limits };
  return { members, limits, ...buildWithinCap(request, estimate) };
}

/** All together, or, when that does not work out, the half that has waited longest, and so on down to one. */
function planMost(context: Context, members: Members): Plan {
  try {
    return plan(context, members);
  } catch (thrown) {
    if (!isDomainError(thrown) || members.length === 1) throw thrown;
    const [lead, ...others] = members;
    return planMost(context, [lead, ...others.slice(0, Math.ceil(members.length / 2) - 1)]);
  }
}

/**
 * The members, kept from now on: nobody cancels or rejects one between this look and the reservation. Undefined when
 * somebody has just ended the first.
 */
async function keep(
  parts: StepParts,
  tx: DatabaseTransaction,
  { members }: Group,
): Promise<Members | undefined> {
  const kept: Member[] = [];
  for (const { withdrawal, stored } of members) {
    const locked = await parts.queue.lock(tx, stored.id);
    if (locked.state === 'approved') kept.push({ withdrawal, stored: locked });
    else if (kept.length === 0) return undefined;
  }
  const [lead, ...others] = kept;
  return lead === undefined ? undefined : [lead, ...others];
}

/** `approved`: reserves coins and builds the transaction from the tip, within what was approved for each. */
export async function stepBuild(parts: StepParts, tx: DatabaseTransaction, group: Group): Promise<void> {
  const { wallets, clock } = parts;
  const kept = await keep(parts, tx, group);
  if (kept === undefined) return;
  const wallet = await sourceOf(parts, tx, kept[0].withdrawal.walletId, kept);
  const context = await contextOf(parts, tx, wallet);
  const together = bearingRate(parts, kept, context.estimate);
  const { members, spend, feeRate, limits } = planMost(context, together);
  const id = newId('payout');
  const now = new Date(clock.nowMs());
  const reservedUntil = new Date(now.getTime() + RESERVATION_MS);
  const withdrawals = members.map(({ withdrawal }) => withdrawal.id);
  await insertPayout(tx, { id, walletId: wallet.id, reservedUntil, withdrawals }, spend, feeRate, now);
  await insertVariants(tx, id, 1, buildVariants(wallet, { spend, feeRate }, limits), now);
  const outpoints = spend.coins.map(({ outpoint }) => outpoint);
  await wallets.reserve(tx, { payout: id, wallet: wallet.id, outpoints, until: reservedUntil });
  await moveAll(parts, tx, { payout: null, members }, 'build', {
    change: { payoutId: idToUuid(id) },
    data: { payout: id, txid: spend.txid, feeSatoshis: spend.fee.toString() },
  });
  crashPoint('withdrawal.built');
  if (members.length > 1) crashPoint('withdrawal.batch_built');
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
  const variants = variantsOf(group.payout, latest);
  for (const each of [latest, ...variants]) requireOwnTransaction(each);
  const whole = { psbt: latest.psbt, parent: undefined, variants: variants.map(({ psbt }) => psbt) };
  const bundle = await bundleOf(tx, wallet, group.members, whole, manifest, parts.clock.nowMs());
  await checkBundle(parts, wallet, bundle);
  await moveAll(parts, tx, group, 'present', { change: { presented: true } });
  crashPoint('withdrawal.presented');
}
