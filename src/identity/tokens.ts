import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isIdOf, type CredentialId } from '../shared/index.ts';

/** 256 bits of chance: nobody guesses one, so a fast hash is enough to store. */
const TOKEN_BYTES = 32;
const SESSION_TOKEN = /^[A-Za-z0-9_-]{43}$/;
const API_KEY = /^tlk_([0-9a-hjkmnp-tv-z]{26})_([A-Za-z0-9_-]{43})$/;

/** What is stored of a token: whoever reads the table cannot use it. */
export function hashToken(token: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(token).digest());
}

export function newSessionToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

export function isSessionToken(text: string): boolean {
  return SESSION_TOKEN.test(text);
}

/** An API key: a prefix that secret scanners know, the credential's id, and the secret half. */
export function newApiKey(id: CredentialId): {
  readonly key: string;
  readonly secretHash: Uint8Array<ArrayBuffer>;
} {
  const secret = randomBytes(TOKEN_BYTES).toString('base64url');
  return { key: `tlk_${id.slice(id.indexOf('_') + 1)}_${secret}`, secretHash: hashToken(secret) };
}

export function parseApiKey(key: string): { readonly id: CredentialId; readonly secret: string } | null {
  const [, body, secret] = API_KEY.exec(key) ?? [];
  const id = `crd_${body ?? ''}`;
  return secret !== undefined && isIdOf('credential', id) ? { id, secret } : null;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
