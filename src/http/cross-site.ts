import type { IncomingHttpHeaders } from 'node:http';
import type { KeyedHash } from './keyed-hash.ts';
import type { SessionProof } from './principal.ts';
import { HttpError } from './problem.ts';

export const CSRF_HEADER = 'x-csrf-token';

/** The token that a page of ours sends with every change; bound to its session, stored nowhere. */
export function csrfTokenOf(hash: KeyedHash, tokenHash: SessionProof['tokenHash']): string {
  return hash.mac('csrf', [Buffer.from(tokenHash).toString('hex')]).toString('base64url');
}

/**
 * Refuses a change that another site's page caused, by what the browser itself says of its origin. Callers
 * that are no browsers send neither header and are not concerned. @throws HttpError `cross_site_refused`.
 */
export function refuseCrossSite(headers: IncomingHttpHeaders, publicOrigin: string): void {
  const site = headers['sec-fetch-site'];
  const origin = headers.origin;
  // `none` is a person's own act (address bar); a form or script of ours is `same-origin`.
  const siteFits = site === undefined || site === 'same-origin' || site === 'none';
  const originFits = origin === undefined || origin === publicOrigin;
  if (siteFits && originFits) return;
  throw new HttpError('cross_site_refused', 'This request was sent by a page of another site.');
}

/**
 * A change under a session needs the session's CSRF token and must not be cross-site.
 * @throws HttpError `cross_site_refused`, `csrf_token_invalid`.
 */
export function checkSessionChange(
  headers: IncomingHttpHeaders,
  publicOrigin: string,
  hash: KeyedHash,
  session: SessionProof,
): void {
  refuseCrossSite(headers, publicOrigin);
  const sent = headers[CSRF_HEADER];
  const bytes = typeof sent === 'string' ? Buffer.from(sent, 'base64url') : Buffer.alloc(0);
  if (hash.verify('csrf', [Buffer.from(session.tokenHash).toString('hex')], bytes)) return;
  throw new HttpError('csrf_token_invalid', `A change under a session needs its ${CSRF_HEADER} header.`);
}
