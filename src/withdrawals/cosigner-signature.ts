import {
  combinePsbts,
  parsePsbtBase64,
  psbtToBase64,
  transactionId,
  verifySignatures,
  type Psbt,
} from '../bitcoin/index.ts';
import { WithdrawalError } from './errors.ts';
import type { PayoutVariant } from './payout-store.ts';
import type { SourceWallet } from './ports.ts';

/** Our own PSBT with their signatures; undefined unless one key has signed every input. */
function merged(own: string, theirs: Psbt, { descriptor }: SourceWallet): string | undefined {
  const psbt = combinePsbts(parsePsbtBase64(own), theirs);
  const [first = [], ...others] = verifySignatures(psbt, descriptor);
  const isSigned = first.some((signer) => others.every((signers) => signers.includes(signer)));
  return isSigned ? psbtToBase64(psbt) : undefined;
}

/**
 * Our own PSBT with the signatures of what a cosigner hands back, and nothing else of it; one key has signed every
 * input. @throws BitcoinError for another transaction or a signature that is not right; WithdrawalError
 * `bundle_signature_missing`.
 */
export function withSignatures(own: string, theirs: Psbt, wallet: SourceWallet): string {
  const signed = merged(own, theirs, wallet);
  if (signed !== undefined) return signed;
  throw new WithdrawalError('bundle_signature_missing', 'No cosigner has signed every input.');
}

/**
 * The same of the variants of a transaction, of those that the cosigner has signed: all, or none, as hardware wallets
 * do. @throws BitcoinError for a signature that is not right; WithdrawalError `bundle_unknown` for a variant that was
 * not built here.
 */
export function variantSignatures(
  known: readonly PayoutVariant[],
  offered: readonly string[],
  wallet: SourceWallet,
): readonly (readonly [PayoutVariant, string])[] {
  const theirs = new Map(offered.map(parsePsbtBase64).map((psbt) => [transactionId(psbt.transaction), psbt]));
  const signed = known.flatMap((variant) => {
    const psbt = theirs.get(variant.txid);
    theirs.delete(variant.txid);
    const own = psbt && merged(variant.psbt, psbt, wallet);
    return own === undefined ? [] : [[variant, own] as const];
  });
  if (theirs.size === 0) return signed;
  throw new WithdrawalError('bundle_unknown', 'A variant is none that was built here.');
}
