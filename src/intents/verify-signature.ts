import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { IntentError } from './errors.ts';
import type { PublicKey, Signature } from './signature-contract.ts';

/** Master locks and officers' keys are RSA-4096. */
const MIN_RSA_BITS = 4096;
const PSS_SALT_BYTES = 32;

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64Url(text);
  if (bytes === undefined)
    throw new IntentError('signature_malformed', 'A key or signature is not base64url.');
  return bytes;
}

async function verifyRsaPss(
  spki: string,
  digest: Uint8Array<ArrayBuffer>,
  signature: string,
): Promise<boolean> {
  const hash = { name: 'RSA-PSS', hash: 'SHA-256' };
  const key = await crypto.subtle
    .importKey('spki', bytesOf(spki), hash, false, ['verify'])
    .catch((cause: unknown) => {
      throw new IntentError('signature_key_refused', 'This is not an RSA public key.', { cause });
    });
  const { modulusLength, publicExponent } = key.algorithm as unknown as RsaFacts;
  if (modulusLength < MIN_RSA_BITS || toBase64Url(publicExponent) !== 'AQAB') {
    throw new IntentError('signature_key_refused', 'RSA keys have 4096 bits or more and the exponent 65537.');
  }
  const scheme = { name: 'RSA-PSS', saltLength: PSS_SALT_BYTES };
  return crypto.subtle.verify(scheme, key, bytesOf(signature), digest);
}

interface RsaFacts {
  readonly modulusLength: number;
  readonly publicExponent: Uint8Array;
}

async function verifyEd25519(
  raw: string,
  digest: Uint8Array<ArrayBuffer>,
  signature: string,
): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', bytesOf(raw), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, bytesOf(signature), digest);
}

async function verifyPasskey(
  key: PublicKey & { algorithm: 'webauthn' },
  digest: Uint8Array,
  signature: Signature & { algorithm: 'webauthn' },
): Promise<boolean> {
  try {
    const result = await verifyAuthenticationResponse({
      response: {
        id: key.credentialId,
        rawId: key.credentialId,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: signature.clientDataJson,
          authenticatorData: signature.authenticatorData,
          signature: signature.signature,
        },
      },
      expectedChallenge: toBase64Url(digest),
      expectedOrigin: [...key.origins],
      expectedRPID: key.rpId,
      // Counters are compared where credentials are kept; a statement is signed once and checked many times.
      credential: { id: key.credentialId, publicKey: bytesOf(key.coseKey), counter: 0 },
      requireUserVerification: true,
    });
    return result.verified;
  } catch (cause) {
    throw new IntentError('signature_wrong', 'The passkey’s answer does not fit what was to be signed.', {
      cause,
    });
  }
}

/**
 * Checks a signature over a statement's 32-byte digest (a passkey signs it as its challenge). Works alike in
 * the API, the signer, the station and a browser.
 * @throws IntentError `signature_wrong`, `signature_malformed`, `signature_key_refused`.
 */
export async function verifySignature(
  key: PublicKey,
  digest: Uint8Array,
  signature: Signature,
): Promise<void> {
  const message = Uint8Array.from(digest);
  let valid = false;
  if (key.algorithm === 'rsa-pss-sha256' && signature.algorithm === 'rsa-pss-sha256') {
    valid = await verifyRsaPss(key.spki, message, signature.signature);
  } else if (key.algorithm === 'ed25519' && signature.algorithm === 'ed25519') {
    valid = await verifyEd25519(key.raw, message, signature.signature);
  } else if (key.algorithm === 'webauthn' && signature.algorithm === 'webauthn') {
    valid = await verifyPasskey(key, message, signature);
  }
  if (!valid) throw new IntentError('signature_wrong', 'The signature does not fit key and statement.');
}
