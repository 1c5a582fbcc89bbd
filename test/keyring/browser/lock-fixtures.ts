import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { encodeMasterLock } from '../../../src/keyring/browser/master-lock-file.ts';
import type { CertificateIssuer, LockCertificateFacts } from '../../../src/keyring/browser/index.ts';
import { rsaPem } from '../../fixtures/signing-keys.ts';

export const PASSPHRASE = 'späte Äpfel 🍎 im Keller';
export const CUSTOMER = 'cus_01jd1f0v00e008000000000001';
export const LOCK = 'crd_01jd1f0v00e008000000000002';
export const AT = Date.parse('2026-06-01T12:00:00.000Z');

export function passphraseBytes(text = PASSPHRASE): Uint8Array {
  return new TextEncoder().encode(text);
}

export function pkcs8Of(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createPrivateKey(rsaPem(name)).export({ format: 'der', type: 'pkcs8' }));
}

export function spkiOf(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createPublicKey(rsaPem(name)).export({ format: 'der', type: 'spki' }));
}

/** The file of a lock made of two fixture keys. */
export function lockFile(
  signing: string,
  decryption: string,
  passphrase = passphraseBytes(),
): Promise<Uint8Array> {
  return encodeMasterLock({ signing: pkcs8Of(signing), decryption: pkcs8Of(decryption) }, passphrase);
}

/** A signer that issues certificates. */
export function issuer(network = 'regtest'): CertificateIssuer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
    network,
    sign: (message) => sign(null, message, privateKey),
  };
}

export function factsOf(use: LockCertificateFacts['use'], key: string): LockCertificateFacts {
  return { network: 'regtest', customer: CUSTOMER, lock: LOCK, use, spki: spkiOf(key) };
}
