import {
  combinePsbts,
  parsePsbtBase64,
  psbtToBase64,
  verifySignatures,
  type Psbt,
} from '../bitcoin/index.ts';
import { WithdrawalError } from './errors.ts';
import type { SourceWallet } from './ports.ts';

/**
 * Our own PSBT with the signatures of what a cosigner hands back, and nothing else of it; one key has signed every
 * input. @throws BitcoinError for another transaction or a signature that is not right; WithdrawalError
 * `bundle_signature_missing`.
 */
export function withSignatures(own: string, theirs: Psbt, { descriptor }: SourceWallet): string {
  const merged = combinePsbts(parsePsbtBase64(own), theirs);
  const [first = [], ...others] = verifySignatures(merged, descriptor);
  const everywhere = first.filter((signer) => others.every((signers) => signers.includes(signer)));
  if (everywhere.length > 0) return psbtToBase64(merged);
  throw new WithdrawalError('bundle_signature_missing', 'No cosigner has signed every input.');
}
