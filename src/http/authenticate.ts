import type { IncomingMessage } from 'node:http';
import type { Access } from './access-contract.ts';
import { CLEARED_SESSION_COOKIE, sessionTokens } from './cookies.ts';
import type { Authenticator, Principal } from './principal.ts';
import { HttpError } from './problem.ts';

const BEARER = /^Bearer ([A-Za-z0-9_.~+/-]{1,512})$/;

/**
 * The principal behind a request, or null for nobody. A session cookie that no longer counts is nobody (a
 * browser sends it along to the sign-in page); an API key that does not count is an error.
 * @throws HttpError `credentials_ambiguous`, `credentials_invalid`.
 */
export async function authenticate(
  request: IncomingMessage,
  authenticator: Authenticator | null,
): Promise<Principal | null> {
  const { authorization } = request.headers;
  const tokens = sessionTokens(request.headers.cookie);
  if (tokens.length > 1 || (tokens.length === 1 && authorization !== undefined)) {
    throw new HttpError('credentials_ambiguous', 'A request carries one credential, not several.');
  }
  if (authenticator === null) return null;
  if (authorization !== undefined) {
    const key = BEARER.exec(authorization)?.[1];
    const principal = key === undefined ? null : await authenticator.fromApiKey(key);
    if (principal === null) {
      throw new HttpError('credentials_invalid', 'This API key is unknown, expired or revoked.', {
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      });
    }
    return principal;
  }
  const token = tokens[0];
  return token === undefined || token === '' ? null : await authenticator.fromSessionToken(token);
}

function authenticationRequired(request: IncomingMessage): HttpError {
  const stale = sessionTokens(request.headers.cookie).length > 0;
  return new HttpError('authentication_required', 'Sign in, or send an API key.', {
    headers: {
      'www-authenticate': 'Bearer',
      ...(stale ? { 'set-cookie': CLEARED_SESSION_COOKIE } : {}),
    },
  });
}

/**
 * Applies an operation's rule: what it does not name is refused.
 * @throws HttpError `authentication_required`, `forbidden`, `scope_missing`.
 */
export function checkAccess(access: Access, principal: Principal | null, request: IncomingMessage): void {
  if (access.kind === 'public') return;
  if (principal === null) throw authenticationRequired(request);
  if (!principal.roles.some((role) => access.roles.includes(role))) {
    throw new HttpError('forbidden', 'Your role does not include this.');
  }
  if (principal.proof.kind === 'session') return;
  if (access.scope === undefined) {
    throw new HttpError('scope_missing', 'This takes a signed-in session, not an API key.');
  }
  if (!principal.proof.scopes.includes(access.scope)) {
    throw new HttpError('scope_missing', `This API key lacks the scope ${access.scope}.`, {
      details: { scope: access.scope },
    });
  }
}
