import { abandonmentDigest, verifySecondAbandonment, type Abandonment } from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { crashPoint, isoTime } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import { requireManifest } from './manifest-store.ts';
import { attest, attestationKeyOf } from './platform-keys.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import { turnOf } from './signing-order.ts';
import { abandonedAt, addAbandonment, releasedAnswer, walletOfSpend } from './spend-store.ts';
import { pinnedWallet } from './wallet-store.ts';

function statedBy({ network, identity }: SignerParts, txid: string, atMs: number): Abandonment {
  const statement: Abandonment['statement'] = {
    purpose: 'transaction abandoned',
    network,
    txid,
    abandonedAt: isoTime(atMs),
  };
  return {
    statement,
    attestedBy: attestationKeyOf(identity),
    signature: attest(identity, abandonmentDigest(statement)),
  };
}

/**
 * Whether a signature of it has left that counts. Where this signer signs first, it counts until the signer that was to
 * complete it says that it never will. @throws IntentError `abandonment_wrong`, `signature_…`.
 */
async function isBeyondRecall(
  { role }: SignerParts,
  tx: PoolClient,
  txid: string,
  completer: Abandonment | undefined,
): Promise<boolean> {
  if ((await releasedAnswer(tx, txid)) === undefined) return false;
  const wallet = await pinnedWallet(tx, (await walletOfSpend(tx, txid)) ?? '');
  if (wallet === undefined || turnOf(role, wallet.registration) === 'last') return true;
  if (completer === undefined) return true;
  await verifySecondAbandonment(completer, txid, await requireManifest(tx));
  return false;
}

/**
 * Gives a transaction up: it is never signed from now on, sealed or not, so that its intents may be paid by another.
 * The signed statement says so to the station. Null when a signature for it has left: then nothing changes. A signature
 * that another signer was to complete is no hindrance when that one has given the transaction up before. May be
 * repeated.
 */
export async function abandonTransaction(
  parts: SignerParts,
  { txid, reason, completer }: SignerParameters<'abandon'>,
): Promise<SignerAnswer<'abandon'>> {
  const atMs = await exclusively(parts.pool, async (tx) => {
    const earlier = await abandonedAt(tx, txid);
    if (earlier !== undefined) return earlier;
    if (await isBeyondRecall(parts, tx, txid, completer)) return undefined;
    const now = parts.clock.nowMs();
    await addAbandonment(tx, txid, reason, now);
    const subject = { txid, reason, ...(completer === undefined ? {} : { completer }) };
    await appendEntry(tx, parts.identity, { kind: 'abandoned', subject, atMs: now });
    await addAlert(tx, {
      atMs: now,
      kind: 'abandoned',
      method: 'abandon',
      text: 'Gave a transaction up.',
      details: { txid, reason },
    });
    return now;
  });
  crashPoint('signer.abandonment_recorded');
  await tellWitness(parts);
  return { abandonment: atMs === undefined ? null : statedBy(parts, txid, atMs) };
}
