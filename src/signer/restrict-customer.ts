import { SIGNED_UNDER } from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { crashPoint, isoTime, type JsonValue } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { SignerError } from './errors.ts';
import { tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import { addRestriction, knownRestriction, type KnownRestriction } from './restriction-store.ts';
import type { SignerAnswer, SignerMethod, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';

/** Writes a restriction down, unless it is known. @returns since when it stands. @throws SignerError `restriction_differs`. */
export async function recordRestriction(
  { identity, clock }: Pick<SignerParts, 'identity' | 'clock'>,
  tx: PoolClient,
  it: Pick<KnownRestriction, 'id' | 'customer' | 'kind' | 'openedBy'>,
  method: SignerMethod,
): Promise<number> {
  const { id, customer, kind, openedBy } = it;
  const known = await knownRestriction(tx, id);
  if (known !== undefined) {
    if (known.customer === customer && known.kind === kind && known.openedBy === openedBy) {
      return known.restrictedAtMs;
    }
    throw new SignerError('restriction_differs', 'This id is known with another customer, kind or opener.', {
      details: { restriction: id },
    });
  }
  const atMs = clock.nowMs();
  await addRestriction(tx, it, atMs);
  const subject: JsonValue = { restriction: id, customer, kind, openedBy };
  await appendEntry(tx, identity, { kind: 'restricted', subject, atMs });
  const signs = (SIGNED_UNDER as readonly string[]).includes(kind);
  const text = signs ? `Keeps a ${kind} of ${customer}.` : `Signs nothing more for ${customer}.`;
  await addAlert(tx, {
    atMs,
    kind: 'restricted',
    method,
    text,
    details: { restriction: id, kind, openedBy },
  });
  return atMs;
}

/**
 * Signs nothing more for a customer, sealed or not, from the answer on, unless what was locked is none of the
 * signer's. Anybody who reaches the socket may ask for it, since it only stops. May be repeated.
 * @throws SignerError `restriction_differs`.
 */
export async function restrictCustomer(
  parts: SignerParts,
  { restriction: id, customer, kind, openedBy }: SignerParameters<'restrict'>,
): Promise<SignerAnswer<'restrict'>> {
  const restrictedAtMs = await exclusively(parts.pool, (tx) =>
    recordRestriction(parts, tx, { id, customer, kind, openedBy }, 'restrict'),
  );
  crashPoint('signer.restriction_recorded');
  await tellWitness(parts);
  return { restrictedAt: isoTime(restrictedAtMs) };
}
