import { CUSTOMER_LOCKS, customerStatementDigest, hex } from '../intents/index.ts';
import { canonicalJson, isoTime, type JsonValue } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { acceptStatement } from './customer-statement.ts';
import { SignerError } from './errors.ts';
import { requireInStep, tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import { addRestrictionRelease, knownRestriction, type KnownRestriction } from './restriction-store.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';

function checkOwnLock(
  known: KnownRestriction | undefined,
  customer: string,
): asserts known is KnownRestriction {
  const isLock = (CUSTOMER_LOCKS as readonly string[]).includes(known?.kind ?? '');
  if (isLock && known?.customer === customer && known.openedBy === customer) return;
  throw new SignerError('restriction_unknown', 'This is no lock that the customer imposed.', {
    details: { customer },
  });
}

/**
 * Lifts a lock that a customer imposed, at the word of the master lock that is pinned here; all other restrictions
 * stay. May be repeated after a lost answer.
 * @throws SignerError `restriction_unknown`, `restriction_lifted_already`, `statement_not_by_lock`, `statement_used`,
 * `signer_sealed`, `witness_out_of_reach`; IntentError `statement_…`, `signature_…`.
 */
export async function unlockRestriction(
  parts: SignerParts,
  { restriction: id, statement }: SignerParameters<'unlock'>,
): Promise<SignerAnswer<'unlock'>> {
  await requireInStep(parts);
  const { customer } = statement.statement;
  const liftedBy = hex(customerStatementDigest(statement.statement));
  const answer = await exclusively(parts.pool, async (tx) => {
    const known = await knownRestriction(tx, id);
    checkOwnLock(known, customer);
    if (known.releasedAtMs !== null) {
      if (known.releasedBy === liftedBy) return { releasedAt: isoTime(known.releasedAtMs) };
      throw new SignerError('restriction_lifted_already', 'Something else has lifted it.', {
        details: { restriction: id },
      });
    }
    await acceptStatement(parts, tx, statement, { purpose: 'unlock', customer, subject: id }, 'unlock');
    const atMs = parts.clock.nowMs();
    const document = canonicalJson(statement);
    await addRestrictionRelease(tx, { restriction: id, liftedBy, document }, atMs);
    const subject: JsonValue = { restriction: id, intentHash: liftedBy };
    await appendEntry(tx, parts.identity, { kind: 'released', subject, atMs });
    const text = `Lifted a lock of ${customer} at the customer’s own word.`;
    await addAlert(tx, { atMs, kind: 'released', method: 'unlock', text, details: { restriction: id } });
    return { releasedAt: isoTime(atMs) };
  });
  await tellWitness(parts);
  return answer;
}
