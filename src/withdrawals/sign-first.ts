import { parsePsbtBase64 } from '../bitcoin/index.ts';
import { appendAudit } from '../audit/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { bundleOf, sourceOf } from './bundle.ts';
import { withSignatures } from './cosigner-signature.ts';
import { WithdrawalError } from './errors.ts';
import { waitFor } from './group-moves.ts';
import { changeTransaction, latestOf, parentOf, type Payout } from './payout-store.ts';
import type { CosignerPort, SignerPair } from './ports.ts';
import { WORKER, type Group, type StepParts } from './withdrawal-parts.ts';

/** @throws WithdrawalError `second_signer_missing` (retryable). */
export function requirePair({ pair }: CosignerPort): SignerPair {
  if (pair !== undefined) return pair;
  throw new WithdrawalError('second_signer_missing', 'No second signer is set up for this wallet.', {
    retryable: true,
  });
}

/**
 * Has the first of two signers sign, in place of a station, what nobody has signed yet; a wallet with one signer waits
 * for its station. The signature completes nothing. Repeating it after a crash gives the same one. @returns whether
 * it did. @throws WithdrawalError `second_signer_missing`; what the signer refuses.
 */
export async function signFirst(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group & { readonly payout: Payout },
): Promise<boolean> {
  const { payout, members } = group;
  const wallet = await sourceOf(parts, tx, payout.walletId, members);
  if (wallet.plan !== 'treasury_hot') return false;
  const pair = requirePair(parts.cosigner);
  const latest = latestOf(payout);
  const manifest = await parts.trust.manifest();
  const whole = { psbt: latest.psbt, parent: parentOf(payout, latest) };
  const bundle = await bundleOf(tx, wallet, members, whole, manifest, parts.clock.nowMs());
  const answer = await pair.cosign(bundle);
  const cosigned = withSignatures(latest.psbt, parsePsbtBase64(answer.psbt), wallet);
  await changeTransaction(tx, payout, latest.number, { cosigned });
  const after = { txid: latest.txid };
  await appendAudit(tx, { ...WORKER, action: 'payout.cosign', entity: payout.id, after }, parts.clock);
  await waitFor(parts, tx, group, 0);
  return true;
}
