import type { Role, Scope } from './access-contract.ts';

/** Who a request acts for, and how that was shown. */
export interface Principal {
  readonly kind: 'customer' | 'staff' | 'integrator';
  /** `cus_…`, `stf_…` or `itg_…`. */
  readonly id: string;
  readonly roles: readonly Role[];
  readonly proof: SessionProof | ApiKeyProof;
}

export interface SessionProof {
  readonly kind: 'session';
  readonly sessionId: string;
  /** What was proven at sign-in. */
  readonly factors: readonly ('password' | 'totp' | 'passkey')[];
  /** What the CSRF token of this session is made from: never the token itself. */
  readonly tokenHash: Uint8Array;
}

export interface ApiKeyProof {
  readonly kind: 'api_key';
  readonly keyId: string;
  readonly scopes: readonly Scope[];
}

/** Turns a secret that came with a request into a principal, or null when it proves nothing (any more). */
export interface Authenticator {
  fromSessionToken(token: string): Promise<Principal | null>;
  fromApiKey(key: string): Promise<Principal | null>;
}
