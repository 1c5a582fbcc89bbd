import {
  checkSpend,
  explain,
  outpointOf,
  parsePsbtBase64,
  type CheckedSpend,
  type Explanation,
  type KnownWallet,
  type Psbt,
  type SpendExpectation,
} from '../bitcoin/index.ts';
import { IntentError } from './errors.ts';

/** The same payout for a higher fee, checked like the one that it may replace. */
export interface VerifiedVariant {
  readonly psbt: Psbt;
  readonly spend: CheckedSpend;
  readonly explanation: Explanation;
}

function refuse(position: number, reason: string): never {
  throw new IntentError(
    'variant_malformed',
    'A dearer variant is more than the same payout at a higher fee.',
    {
      details: { variant: position + 1, reason },
    },
  );
}

function coinsOf({ transaction }: Psbt): string {
  return transaction.ins.map(outpointOf).sort().join();
}

/** Change stays where it was, or is gone. */
function isSameChange({ change }: CheckedSpend, { change: before }: CheckedSpend): boolean {
  if (change === null) return true;
  return (
    before?.position.branch === change.position.branch && before.position.index === change.position.index
  );
}

/**
 * Fee variants of a payout: each makes the same payments within the same limits, spends exactly the same coins, so that
 * of all of them one can confirm, returns the rest to the same address, and pays a higher fee than the one before, so
 * that nodes take it in place of that one (BIP125, rule 3).
 * @throws IntentError `variant_malformed`; BitcoinError of `checkSpend`, when one pays another, or more fee than was approved.
 */
export function checkVariants(
  variants: readonly string[],
  first: { readonly psbt: Psbt; readonly spend: CheckedSpend },
  expectation: SpendExpectation,
  wallet: KnownWallet,
): readonly VerifiedVariant[] {
  const coins = coinsOf(first.psbt);
  let { spend: before } = first;
  return variants.map((text, position) => {
    const psbt = parsePsbtBase64(text);
    if (coinsOf(psbt) !== coins) refuse(position, 'it spends the same coins');
    const spend = checkSpend(psbt, expectation);
    if (spend.fee <= before.fee) refuse(position, 'each pays a higher fee than the one before');
    if (!isSameChange(spend, first.spend)) refuse(position, 'its change goes where that of the first does');
    before = spend;
    return { psbt, spend, explanation: explain(psbt, [wallet]) };
  });
}
