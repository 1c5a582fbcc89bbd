import { inTransaction } from '../database/index.ts';
import { accountOf, type Account } from './account-store.ts';
import { record, type Origin } from './identity-audit.ts';
import { IdentityError } from './identity-errors.ts';
import type { IdentityParts, Person } from './identity.ts';
import { verifyPassword } from './password.ts';

/**
 * Asks somebody who is signed in for the password again, before a credential changes: a stolen session must not
 * become a key of its own. Guesses count like those at sign-in.
 * @throws IdentityError `password_wrong`; HttpError `rate_limited`.
 */
export async function confirmPassword(
  parts: IdentityParts,
  person: Person,
  password: string,
  origin: Origin,
): Promise<Account> {
  const guesser = `${person.id} ${origin.address}`;
  await parts.throttles.accountFromAddress.take(guesser);
  await parts.throttles.account.take(person.id);
  const account = await accountOf(parts.database, person);
  if (!(await verifyPassword(account.password?.hash ?? null, password))) {
    await inTransaction(parts.database, (tx) => record(tx, parts, origin, 'credential.refuse', person.id));
    throw new IdentityError('password_wrong', 'This is not your password.');
  }
  await parts.throttles.accountFromAddress.giveBack(guesser);
  await parts.throttles.account.giveBack(person.id);
  return account;
}
