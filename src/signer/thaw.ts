import { intentHash } from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { canonicalJson, isoTime, type JsonValue } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { acceptStatement } from './customer-statement.ts';
import {
  addDeepFreeze,
  addThaw,
  noteDeepFreeze,
  orderOf,
  platformKeysOf,
  thawOf,
  type Thaw,
} from './deep-freeze-store.ts';
import { requireEntitledStaff } from './entitled-staff.ts';
import { SignerError } from './errors.ts';
import type { KnownRestriction } from './restriction-store.ts';
import type { SignerParameters } from './signer-contract.ts';
import type { SignerParts } from './signer-parts.ts';

/** Nobody brings a key back sooner, whoever approved it: time for those who did not to object. */
export const THAW_DELAY_MS = 72 * 3_600_000;

type Release = SignerParameters<'release'>;

/** The customer who froze deeply says so too; the officers alone do not undo it. */
async function requireCustomerWord(
  parts: SignerParts,
  tx: PoolClient,
  { statement }: Release,
  { id, customer, openedBy }: KnownRestriction,
): Promise<void> {
  if (openedBy !== customer) return;
  if (statement === undefined) {
    throw new SignerError(
      'statement_missing',
      'The customer’s master lock has ordered it, and lifts it too.',
      {
        details: { restriction: id },
      },
    );
  }
  await acceptStatement(parts, tx, statement, { purpose: 'unlock', customer, subject: id }, 'release');
}

/**
 * A signer that was restored may have been told again of a deep freeze whose order has expired. Nothing was signed, and
 * its way back is that of every deep freeze: it is ordered by the release itself, which erases what keys there are.
 */
async function requireOrdered(
  parts: SignerParts,
  tx: PoolClient,
  restriction: string,
  orderedBy: string,
): Promise<void> {
  if ((await orderOf(tx, restriction)) !== undefined) return;
  await addDeepFreeze(tx, { restriction, orderedBy, document: { toldAgain: true } });
  await noteDeepFreeze(parts, tx, { event: 'ordered', restriction, orderedBy }, parts.clock.nowMs());
}

async function beginThaw(
  parts: SignerParts,
  tx: PoolClient,
  release: Release,
  known: KnownRestriction,
): Promise<Thaw> {
  await requireEntitledStaff(parts, tx, release);
  await requireCustomerWord(parts, tx, release, known);
  const atMs = parts.clock.nowMs();
  const { id: restriction, customer } = known;
  await requireOrdered(parts, tx, restriction, intentHash(release.intent));
  const thaw = {
    restriction,
    intentHash: intentHash(release.intent),
    document: canonicalJson(release as unknown as JsonValue),
    readyAtMs: atMs + THAW_DELAY_MS,
  };
  await addThaw(tx, thaw);
  const { intentHash: hash, readyAtMs } = thaw;
  await noteDeepFreeze(parts, tx, { event: 'thaw', restriction, intentHash: hash, readyAtMs }, atMs);
  const text = `The platform keys of ${customer} may come back from ${isoTime(readyAtMs)} on.`;
  await addAlert(tx, { atMs, kind: 'deep_freeze', method: 'release', text, details: { restriction } });
  return thaw;
}

/**
 * Where the lifting of a deep freeze stands: approved, its time lock begins; when that is over and every key is back,
 * it may be released. @returns why it may not yet, undefined when it may. @throws SignerError
 * `restriction_lifted_already` (another intent began it), `statement_…`; IntentError of the signatures.
 */
export async function thawHindrance(
  parts: SignerParts,
  tx: PoolClient,
  release: Release,
  known: KnownRestriction,
): Promise<SignerError | undefined> {
  const thaw = (await thawOf(tx, known.id)) ?? (await beginThaw(parts, tx, release, known));
  if (thaw.intentHash !== intentHash(release.intent)) {
    return new SignerError('restriction_lifted_already', 'Another release has begun to lift it.', {
      details: { restriction: known.id },
    });
  }
  if (parts.clock.nowMs() < thaw.readyAtMs) {
    return new SignerError('thaw_not_due', 'The time lock of the deep freeze runs.', {
      details: { restriction: known.id, readyAt: isoTime(thaw.readyAtMs) },
      retryable: true,
    });
  }
  for (const wallet of (await platformKeysOf(tx, known.customer)).keys()) {
    if (await parts.keys.has(wallet)) continue;
    return new SignerError('platform_keys_away', 'Not every platform key is back.', {
      details: { restriction: known.id, wallet },
      retryable: true,
    });
  }
  return undefined;
}
