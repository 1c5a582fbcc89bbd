import { constants, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { decryptPrivateKey, encryptPrivateKey } from './encrypted-pkcs8.ts';
import { KeyringError } from './errors.ts';
import type { MasterPrivateKey } from './master-key.ts';

const PSS_SALT_BYTES = 32;
const RAW_BYTES = 32;

/** RSA-PSS, SHA-256, MGF1-SHA-256, salt 32 (RFC 8017) over a statement's digest: 512 bytes. */
export function signWithMaster(master: MasterPrivateKey, digest: Uint8Array): Buffer {
  return sign('sha256', digest, {
    key: master.privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: PSS_SALT_BYTES,
  });
}

/** An Ed25519 key (RFC 8032) with which a machine signs statements. */
export interface AttestationKey {
  /** Raw, 32 bytes. */
  readonly publicKey: Buffer;
  readonly sign: (digest: Uint8Array) => Buffer;
}

function attestationKey(privateKey: KeyObject): AttestationKey {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    publicKey: spki.subarray(spki.length - RAW_BYTES),
    sign: (digest) => sign(null, digest, privateKey),
  };
}

/** Makes one, as an encrypted PKCS#8 file. @throws KeyringError `passphrase_weak`. */
export function createAttestationKey(passphrase: Buffer): {
  readonly publicKey: Buffer;
  readonly privatePem: string;
} {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { publicKey } = attestationKey(privateKey);
  return { publicKey, privatePem: encryptPrivateKey(privateKey, passphrase) };
}

/** @throws KeyringError `passphrase_wrong`, `master_key_malformed`. */
export function openAttestationKey(privatePem: string, passphrase: Buffer): AttestationKey {
  const privateKey = decryptPrivateKey(privatePem, passphrase);
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new KeyringError('master_key_malformed', 'An attestation key is an Ed25519 key.');
  }
  return attestationKey(privateKey);
}
