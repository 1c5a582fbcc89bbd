import type { PoolClient } from '../postgres/index.ts';
import { crashPoint, isoTime } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import { turnOf } from './signing-order.ts';
import { addRevocation, releasedFor, revokedAt } from './spend-store.ts';
import { pinnedWallet } from './wallet-store.ts';

/** Where this signer signs first, nothing can be broadcast by its signature: the other one says what left. */
async function completedFor({ role }: SignerParts, tx: PoolClient, intentHash: string): Promise<string[]> {
  const completed: string[] = [];
  for (const { txid, wallet } of await releasedFor(tx, intentHash)) {
    const pinned = await pinnedWallet(tx, wallet);
    if (pinned === undefined || turnOf(role, pinned.registration) === 'last') completed.push(txid);
  }
  return completed;
}

/**
 * Makes sure that an intent is never signed from now on, sealed or not; `signed` names the transactions whose
 * signatures left before. May be repeated.
 */
export async function revokeIntent(
  parts: SignerParts,
  { intentHash, reason }: SignerParameters<'revoke'>,
): Promise<SignerAnswer<'revoke'>> {
  const answer = await exclusively(parts.pool, async (tx) => {
    const signed = await completedFor(parts, tx, intentHash);
    const earlier = await revokedAt(tx, intentHash);
    if (earlier !== undefined) return { revokedAt: isoTime(earlier), signed };
    const atMs = parts.clock.nowMs();
    await addRevocation(tx, intentHash, reason, atMs);
    await appendEntry(tx, parts.identity, { kind: 'revoked', subject: { intentHash, reason }, atMs });
    const text = signed.length === 0 ? 'Revoked an intent.' : 'Revoked an intent that was signed before.';
    await addAlert(tx, {
      atMs,
      kind: 'revoked',
      method: 'revoke',
      text,
      details: { intentHash, reason, signed },
    });
    return { revokedAt: isoTime(atMs), signed };
  });
  crashPoint('signer.revocation_recorded');
  await tellWitness(parts);
  return answer;
}
