import { inTransaction } from '../database/index.ts';
import { idToUuid, type SessionId } from '../shared/index.ts';
import { findByEmail, type Account } from './account-store.ts';
import { IdentityError } from './identity-errors.ts';
import type { IdentityParts, Person } from './identity.ts';
import { verifyPassword } from './password.ts';
import { useCode } from './second-factor.ts';
import { endSessions, openSession, type Client, type Factor, type OpenedSession } from './session.ts';

export interface SignIn {
  readonly kind: Person['kind'];
  /** Lower case. */
  readonly email: string;
  readonly password: string;
  /** Six digits of the authenticator app, for who has one. */
  readonly code: string | undefined;
}

export interface SignedIn {
  readonly account: Account;
  readonly session: OpenedSession;
}

/** The same for everything that can be wrong: it must not say whether the address is registered. */
function failed(): IdentityError {
  return new IdentityError('sign_in_failed', 'Address, password or code is wrong.');
}

async function countGuess(
  parts: IdentityParts,
  signIn: SignIn,
  address: string,
): Promise<() => Promise<void>> {
  const account = `${signIn.kind} ${signIn.email}`;
  const { throttles } = parts;
  await throttles.accountFromAddress.take(`${account} ${address}`);
  await throttles.account.take(account);
  await throttles.address.take(address);
  return async () => {
    await throttles.accountFromAddress.giveBack(`${account} ${address}`);
    await throttles.account.giveBack(account);
    await throttles.address.giveBack(address);
  };
}

/**
 * Signs somebody in with password and, where one is set up, second factor. `replacing` is the session that the
 * browser had before: it ends.
 * @throws IdentityError `sign_in_failed`, `second_factor_required`, `sign_in_busy`; HttpError `rate_limited`.
 */
export async function signIn(
  parts: IdentityParts,
  attempt: SignIn,
  client: Client,
  replacing: { readonly person: Person; readonly sessionId: SessionId } | null,
): Promise<SignedIn> {
  const forgive = await countGuess(parts, attempt, client.address);
  const account = await findByEmail(parts.database, attempt.kind, attempt.email);
  const fits = await verifyPassword(account?.password?.hash ?? null, attempt.password);
  if (account === null || !fits || account.disabled) throw failed();
  const totp = account.totp?.confirmed === true ? account.totp : null;
  if (totp !== null && attempt.code === undefined) {
    // The password was right, so this was no guess; but it opens nothing yet.
    await forgive();
    throw new IdentityError('second_factor_required', 'Send the code of your authenticator app as well.');
  }
  const session = await inTransaction(parts.database, async (tx) => {
    const factors: Factor[] = ['password'];
    if (totp !== null) {
      if (!(await useCode(tx, parts, account.person, totp, attempt.code ?? ''))) throw failed();
      factors.push('totp');
    }
    if (replacing !== null) {
      await endSessions(tx, parts, replacing.person, { only: replacing.sessionId }, 'rotated');
    }
    if (account.password !== null) {
      await tx.credential.updateMany({
        where: { id: idToUuid(account.password.id), revokedAt: null },
        data: { lastUsedAt: new Date(parts.clock.nowMs()) },
      });
    }
    return await openSession(tx, parts, account.person, factors, client);
  });
  await forgive();
  return { account, session };
}
