import { acceptStatement, wasAccepted } from './customer-statement.ts';
import { SignerError } from './errors.ts';
import { tellWitness } from './in-step.ts';
import { endLock } from './lock-record.ts';
import { locksOf } from './master-lock-store.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';

const METHOD = 'revokeMasterLock';

/**
 * Ends a master lock at its own word: its file may be in other hands. The customer then signs with other credentials,
 * or comes back by the officers. May be repeated after a lost answer. @throws SignerError `master_lock_unknown`, `statement_not_by_lock`, `statement_used`;
 * IntentError `statement_…`, `signature_…`.
 */
export async function revokeMasterLock(
  parts: SignerParts,
  { statement }: SignerParameters<'revokeMasterLock'>,
): Promise<SignerAnswer<'revokeMasterLock'>> {
  const { customer, credential } = statement.statement;
  await exclusively(parts.pool, async (tx) => {
    const known = (await locksOf(tx, customer)).find(({ id }) => id === credential);
    if (known?.live === false && (await wasAccepted(tx, statement))) return;
    const lock = known?.live === true ? known : undefined;
    if (lock === undefined) {
      throw new SignerError('master_lock_unknown', 'This is not the customer’s master lock in force.', {
        details: { customer, credential },
      });
    }
    const expected = { purpose: 'revoke master lock', customer, subject: lock.id } as const;
    await acceptStatement(parts, tx, statement, expected, METHOD);
    await endLock(parts, tx, lock, 'revoked', METHOD, parts.clock.nowMs());
  });
  await tellWitness(parts);
  return {};
}
