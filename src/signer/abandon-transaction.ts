import { abandonmentDigest, type Abandonment } from '../intents/index.ts';
import { crashPoint, isoTime } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import { attest, attestationKeyOf } from './platform-keys.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import { abandonedAt, addAbandonment, releasedAnswer } from './spend-store.ts';

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
 * Gives a transaction up: it is never signed from now on, sealed or not, so that its intents may be paid by another.
 * The signed statement says so to the station. Null when a signature for it has left: then nothing changes. May be
 * repeated.
 */
export async function abandonTransaction(
  parts: SignerParts,
  { txid, reason }: SignerParameters<'abandon'>,
): Promise<SignerAnswer<'abandon'>> {
  const atMs = await exclusively(parts.pool, async (tx) => {
    if ((await releasedAnswer(tx, txid)) !== undefined) return undefined;
    const earlier = await abandonedAt(tx, txid);
    if (earlier !== undefined) return earlier;
    const now = parts.clock.nowMs();
    await addAbandonment(tx, txid, reason, now);
    const subject = { txid, reason };
    await appendEntry(tx, parts.identity, { kind: 'abandoned', subject, atMs: now });
    await addAlert(tx, {
      atMs: now,
      kind: 'abandoned',
      method: 'abandon',
      text: 'Gave a transaction up.',
      details: subject,
    });
    return now;
  });
  crashPoint('signer.abandonment_recorded');
  await tellWitness(parts);
  return { abandonment: atMs === undefined ? null : statedBy(parts, txid, atMs) };
}
