import type { BuiltSpend } from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { idToUuid, type FeeRate, type PayoutId } from '../shared/index.ts';
import {
  latestOf,
  spendColumns,
  type Payout,
  type PayoutTransaction,
  type PayoutVariant,
} from './payout-store.ts';

/** A built transaction and the rate that it was built for. */
export interface RatedSpend {
  readonly spend: BuiltSpend;
  readonly feeRate: FeeRate;
}

/** Stores the variants of a transaction, each dearer than the one before. */
export async function insertVariants(
  tx: DatabaseTransaction,
  payout: PayoutId,
  ofNumber: number,
  variants: readonly RatedSpend[],
  now: Date,
): Promise<void> {
  await tx.payoutVariant.createMany({
    data: variants.map(({ spend, feeRate }, index) => ({
      ...{ payoutId: idToUuid(payout), ofNumber, place: index + 1, feeRate, createdAt: now },
      ...spendColumns(spend),
    })),
  });
}

/** Those that are signed in one go with a transaction. */
export function variantsOf({ variants }: Payout, { number }: PayoutTransaction): readonly PayoutVariant[] {
  return variants.filter(({ ofNumber }) => ofNumber === number);
}

/** Makes a variant that the cosigner has signed the payout's latest transaction. */
export async function insertTaken(
  tx: DatabaseTransaction,
  payout: Payout,
  { txid, psbt, fee, feeRate, change, cosigned }: PayoutVariant,
  now: Date,
): Promise<void> {
  const kept = change && { changeVout: change.vout, changeIndex: change.index, changeValue: change.value };
  const number = latestOf(payout).number + 1;
  await tx.payoutTransaction.create({
    data: {
      payoutId: idToUuid(payout.id),
      number,
      txid,
      psbt,
      fee,
      feeRate,
      cosigned,
      ...kept,
      createdAt: now,
    },
  });
}

export async function changeVariant(
  tx: DatabaseTransaction,
  { id }: Payout,
  { ofNumber, place }: PayoutVariant,
  change: { readonly cosigned: string },
): Promise<void> {
  const key = { payoutId: idToUuid(id), ofNumber, place };
  await tx.payoutVariant.update({ where: { payoutId_ofNumber_place: key }, data: change });
}
