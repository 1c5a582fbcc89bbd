import { inTransaction } from '../database/index.ts';
import { idToUuid, type SessionId } from '../shared/index.ts';
import { findByEmail, type Account, type TotpCredential } from './account-store.ts';
import { record, type Origin } from './identity-audit.ts';
import { IdentityError } from './identity-errors.ts';
import type { IdentityParts, Person } from './identity.ts';
import { verifyPassword } from './password.ts';
import { useCode } from './second-factor.ts';
import { alertUnsealed, isSealed } from './standing.ts';
import { endSessions, openSession, type Factor, type OpenedSession } from './session.ts';

export interface SignIn {
  readonly kind: Person['kind'];
  /** Lower case. */
  readonly email: string;
  readonly password: string;
  /** Six digits of the authenticator app, for who has one. */
  readonly code: string | undefined;
  readonly userAgent: string | null;
  /** The session that the browser had before: it ends. */
  readonly replacing: { readonly person: Person; readonly sessionId: SessionId } | null;
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

/** Written for an unknown address too, so that both take as long; what was typed as one is not kept. */
async function refuse(parts: IdentityParts, origin: Origin, account: Account | null): Promise<never> {
  const entity = account === null ? 'unknown_account' : account.person.id;
  await inTransaction(parts.database, (tx) =>
    record(tx, parts, origin, 'session.refuse', entity, { address: origin.address }),
  );
  throw failed();
}

/**
 * Signs somebody in with password and, where one is set up, second factor.
 * @throws IdentityError `sign_in_failed`, `second_factor_required`, `sign_in_busy`; HttpError `rate_limited`.
 */
export async function signIn(parts: IdentityParts, attempt: SignIn, origin: Origin): Promise<SignedIn> {
  const forgive = await countGuess(parts, attempt, origin.address);
  const account = await findByEmail(parts.database, attempt.kind, attempt.email);
  const fits = await verifyPassword(account?.password?.hash ?? null, attempt.password);
  if (account === null || !fits || account.disabled) return await refuse(parts, origin, account);
  const { standing } = account;
  if (standing !== null && !isSealed(parts.seals, standing)) {
    await inTransaction(parts.database, (tx) => alertUnsealed(tx, parts, standing, 'session.open'));
    return await refuse(parts, origin, account);
  }
  const totp = account.totp?.confirmed === true ? account.totp : null;
  if (totp !== null && attempt.code === undefined) {
    // The password was right, so this was no guess; but it opens nothing yet.
    await forgive();
    throw new IdentityError('second_factor_required', 'Send the code of your authenticator app as well.');
  }
  const session = await enter(parts, account, totp, attempt, origin);
  if (session === null) return await refuse(parts, origin, account);
  await forgive();
  return { account, session };
}

/** Null when the code does not fit. */
async function enter(
  parts: IdentityParts,
  account: Account,
  totp: TotpCredential | null,
  attempt: SignIn,
  origin: Origin,
): Promise<OpenedSession | null> {
  const { person, password } = account;
  return await inTransaction(parts.database, async (tx) => {
    if (totp !== null && !(await useCode(tx, parts, person, totp, attempt.code ?? ''))) return null;
    const { replacing } = attempt;
    if (replacing !== null) {
      await endSessions(tx, parts, replacing.person, { only: replacing.sessionId }, 'rotated');
    }
    if (password !== null) {
      await tx.credential.updateMany({
        where: { id: idToUuid(password.id), revokedAt: null },
        data: { lastUsedAt: new Date(parts.clock.nowMs()) },
      });
    }
    const factors: Factor[] = totp === null ? ['password'] : ['password', 'totp'];
    const client = { address: origin.address, userAgent: attempt.userAgent };
    const session = await openSession(tx, parts, person, factors, client);
    const strength = totp === null ? 'password' : 'password_totp';
    const signedIn = { ...origin, actor: person, strength } as const;
    await record(tx, parts, signedIn, 'session.open', session.id, {
      owner: person.id,
      address: origin.address,
    });
    return session;
  });
}
