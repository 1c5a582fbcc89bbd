/**
 * `__Host-` binds the cookie to this host, to `/` and to HTTPS (RFC 6265bis section 4.1.3.2): a neighbouring
 * host or a plain-text page can neither set nor replace it. Browsers treat loopback addresses as secure.
 */
export const SESSION_COOKIE = '__Host-trilock_session';

const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict';

/** `Set-Cookie` that hands a session token to a browser until `maxAgeSeconds` from now. */
export function sessionCookie(token: string, maxAgeSeconds: number): string {
  return `${SESSION_COOKIE}=${token}; ${ATTRIBUTES}; Max-Age=${Math.max(0, Math.floor(maxAgeSeconds))}`;
}

export const CLEARED_SESSION_COOKIE = `${SESSION_COOKIE}=; ${ATTRIBUTES}; Max-Age=0`;

/**
 * Every value that the `Cookie` header gives our session cookie. More than one means that somebody planted
 * another, and the caller refuses to choose.
 */
export function sessionTokens(cookieHeader: string | undefined): string[] {
  if (cookieHeader === undefined) return [];
  return cookieHeader
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${SESSION_COOKIE}=`))
    .map((pair) => pair.slice(SESSION_COOKIE.length + 1));
}
