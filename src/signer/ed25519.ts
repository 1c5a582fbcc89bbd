import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

/** DER prefix of an Ed25519 SubjectPublicKeyInfo (RFC 8410), before the 32 raw bytes. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export interface Ed25519Key {
  /** Raw public key, hex. */
  readonly publicKey: string;
  readonly privatePem: string;
  readonly sign: (message: Uint8Array) => string;
}

export function ed25519FromPem(privatePem: string): Ed25519Key {
  const key: KeyObject = createPrivateKey(privatePem);
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicKey: der.subarray(SPKI_PREFIX.length).toString('hex'),
    privatePem,
    sign: (message) => sign(null, message, key).toString('hex'),
  };
}

export function generateEd25519(): Ed25519Key {
  const { privateKey } = generateKeyPairSync('ed25519');
  return ed25519FromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
}

/** RFC 8032 verification. `publicKey` is 32 and `signature` 64 bytes of hex. */
export function verifyEd25519(publicKey: string, message: Uint8Array, signature: string): boolean {
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, Buffer.from(publicKey, 'hex')]),
    format: 'der',
    type: 'spki',
  });
  return verify(null, message, key, Buffer.from(signature, 'hex'));
}
