import { fromBase64Url } from './base64url.ts';
import type { PublicKey, Signature } from './signature-contract.ts';

/** Where the counter stands in an authenticator's data: after the hash of the relying party and the flags. */
const COUNTER_AT = 33;

/** One signature of a passkey, by the number that its authenticator gave it. */
export interface PasskeyUse {
  /** Of the credential itself, base64url. */
  readonly credential: string;
  readonly counter: number;
}

/**
 * The number of a passkey's signature; undefined for other keys, and for authenticators that do not count (passkeys
 * that are copied between a person's devices): WebAuthn Level 2, sections 6.1.1 and 7.2.
 */
export function passkeyUseOf(key: PublicKey, signature: Signature): PasskeyUse | undefined {
  if (key.algorithm !== 'webauthn' || signature.algorithm !== 'webauthn') return undefined;
  const data = fromBase64Url(signature.authenticatorData);
  if (data === undefined || data.length < COUNTER_AT + 4) return undefined;
  const counter = new DataView(data.buffer, data.byteOffset).getUint32(COUNTER_AT);
  return counter === 0 ? undefined : { credential: key.credentialId, counter };
}
