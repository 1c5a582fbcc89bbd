import { BitcoinError, bumpFee, psbtToBase64, type BuiltSpend, type SpendLimits } from '../bitcoin/index.ts';
import { appendAudit } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { feeRateFromSatsPerKvb, idToUuid, ZERO_SATOSHIS, type FeeRate } from '../shared/index.ts';
import { isSignedInCeremonies } from './cold-windows.ts';
import { dependentOf } from './own-change.ts';
import { latestOf, type Payout, type PayoutVariant } from './payout-store.ts';
import type { SourceWallet } from './ports.ts';
import { insertTaken, type RatedSpend } from './variant-store.ts';
import { WORKER, type RequestParts, type StepParts } from './withdrawal-parts.ts';

/** Of the rate of the first: rates seldom rise further between two ceremonies. */
const TIMES = [2n, 4n, 8n];
/** As when it was built. */
const TARGET_BLOCKS = 6;
/** In base 64: four times over, with its previous transactions, it still fits well into a file that is carried. */
const MAX_PSBT_LENGTH = 2_000_000;

/**
 * The same payout at two, four and eight times the fee rate, as far as the approved fees and the change go. Each
 * is built as the replacement of the one before, so that any of them replaces any cheaper one (BIP125).
 */
export function buildVariants(
  wallet: SourceWallet,
  { spend, feeRate }: RatedSpend,
  limits: SpendLimits,
): readonly RatedSpend[] {
  if (!isSignedInCeremonies(wallet.plan) || psbtToBase64(spend.psbt).length > MAX_PSBT_LENGTH) return [];
  const variants: RatedSpend[] = [];
  for (const times of TIMES) {
    const original = variants.at(-1)?.spend ?? spend;
    const dearer = feeRateFromSatsPerKvb(feeRate * times);
    const built = dearerThan(original, { wallet: wallet.descriptor, feeRate: dearer, limits });
    if (built === undefined) break;
    variants.push({ spend: built, feeRate: dearer });
  }
  return variants;
}

/** Undefined when it would cost more than was approved, or more than there is change. */
function dearerThan(
  original: BuiltSpend,
  request: Pick<Parameters<typeof bumpFee>[0], 'wallet' | 'feeRate' | 'limits'>,
): BuiltSpend | undefined {
  try {
    return bumpFee({ ...request, original, descendantFees: ZERO_SATOSHIS });
  } catch (thrown) {
    if (thrown instanceof BitcoinError) return undefined;
    throw thrown;
  }
}

/** The cheapest variant that the cosigner has signed, that was not used, and that pays at least such a rate. */
export function signedVariant(payout: Payout, atLeast: FeeRate): PayoutVariant | undefined {
  return unusedVariants(payout).find(({ feeRate }) => feeRate >= atLeast);
}

/** What the cosigner has signed beyond all that was used. A child of ours would have to be paid for too. */
function unusedVariants({ transactions, variants }: Payout): readonly PayoutVariant[] {
  if (transactions.some(({ childOf }) => childOf !== null)) return [];
  const highest = transactions.reduce((most, { fee }) => (fee > most ? fee : most), ZERO_SATOSHIS);
  return variants.filter(({ cosigned, fee }) => cosigned !== null && fee > highest);
}

/**
 * Takes a dearer variant for a payout that has waited long, for its cosigner or for a block, while blocks have become
 * dearer than it is: the cheapest that pays what the nodes estimate, or the dearest that there is. @returns whether it did.
 */
export async function raiseStuck(
  parts: StepParts,
  tx: DatabaseTransaction,
  payout: Payout,
): Promise<boolean> {
  const { transaction, cosigned, broadcastAt, createdAt, feeRate } = latestOf(payout);
  // What the signer is asked for must be fetched before another is taken.
  if (cosigned === null || (payout.signerAskedAt !== null && transaction === null)) return false;
  const since = (broadcastAt ?? createdAt).getTime();
  const dearer = unusedVariants(payout);
  if (dearer.length === 0 || parts.clock.nowMs() - since < parts.raiseAfterMs) return false;
  const { feeRate: estimate } = await parts.node.feeEstimate(TARGET_BLOCKS);
  if (estimate <= feeRate || (await dependentOf(tx, payout)) !== undefined) return false;
  const variant = signedVariant(payout, estimate) ?? dearer.at(-1);
  if (variant === undefined) return false;
  await takeVariant(parts, tx, payout, variant, WORKER);
  return true;
}

/**
 * Makes a signed variant the transaction that is worked on: the signer completes it next, as it would a replacement
 * that a cosigner has just signed. Nobody is needed for it.
 */
export async function takeVariant(
  parts: Pick<RequestParts, 'clock' | 'wallets'>,
  tx: DatabaseTransaction,
  payout: Payout,
  variant: PayoutVariant,
  { actor, strength, requestId }: QueueActor,
): Promise<void> {
  const latest = latestOf(payout);
  const now = new Date(parts.clock.nowMs());
  await insertTaken(tx, payout, variant, now);
  await parts.wallets.withholdChange(tx, latest.txid, true);
  await tx.withdrawal.updateMany({ where: { payoutId: idToUuid(payout.id) }, data: { lookAt: now } });
  const after = { txid: variant.txid, feeSatoshis: variant.fee.toString() };
  const before = { txid: latest.txid };
  const entry = { actor, strength, action: 'payout.variant', entity: payout.id, before, after };
  await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, parts.clock);
}
