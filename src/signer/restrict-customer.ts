import { SIGNED_UNDER } from '../intents/index.ts';
import { crashPoint, isoTime, type JsonValue } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { SignerError } from './errors.ts';
import { tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import { addRestriction, knownRestriction } from './restriction-store.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';

/**
 * Signs nothing more for a customer, sealed or not, from the answer on, unless what was locked is none of the signer's.
 * Anybody who reaches the socket may ask for
 * it, since it only stops. May be repeated. @throws SignerError `restriction_differs`.
 */
export async function restrictCustomer(
  parts: SignerParts,
  { restriction: id, customer, kind, openedBy }: SignerParameters<'restrict'>,
): Promise<SignerAnswer<'restrict'>> {
  const answer = await exclusively(parts.pool, async (tx) => {
    const known = await knownRestriction(tx, id);
    if (known !== undefined) {
      if (known.customer === customer && known.kind === kind && known.openedBy === openedBy) {
        return { restrictedAt: isoTime(known.restrictedAtMs) };
      }
      throw new SignerError(
        'restriction_differs',
        'This id is known with another customer, kind or opener.',
        {
          details: { restriction: id },
        },
      );
    }
    const atMs = parts.clock.nowMs();
    await addRestriction(tx, { id, customer, kind, openedBy }, atMs);
    const subject: JsonValue = { restriction: id, customer, kind, openedBy };
    await appendEntry(tx, parts.identity, { kind: 'restricted', subject, atMs });
    const signs = (SIGNED_UNDER as readonly string[]).includes(kind);
    const text = signs ? `Keeps a ${kind} of ${customer}.` : `Signs nothing more for ${customer}.`;
    await addAlert(tx, {
      atMs,
      kind: 'restricted',
      method: 'restrict',
      text,
      details: { restriction: id, kind, openedBy },
    });
    return { restrictedAt: isoTime(atMs) };
  });
  crashPoint('signer.restriction_recorded');
  await tellWitness(parts);
  return answer;
}
