import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../shared/index.ts';
import { taggedHash } from '../bytes.ts';
import { BitcoinError } from '../errors.ts';
import type { NetworkName } from '../network.ts';
import { verifyDigest } from '../secp256k1/signature.ts';
import type { AccountKey } from './account-key.ts';
import type { ExtendedPublicKey } from './extended-public-key.ts';
import { formatKeyOrigin, type KeyOrigin } from './key-origin.ts';

/**
 * What the holder of an account key states when proving to have it. The proof is ECDSA by the account key itself
 * over `taggedHash('Trilock/key-possession/v1', canonical JSON of {challenge, network, origin, role, xpub})`,
 * origin as `[fingerprint/path]` with `h`, challenge in hex, xpub in BIP32's spelling. The tag keeps it apart
 * from every transaction digest and from every other statement; naming the role keeps a proof made for one role
 * from being shown for another, and the verifier's fresh challenge keeps an old one from being shown again.
 */
export interface PossessionStatement {
  readonly network: NetworkName;
  readonly origin: KeyOrigin;
  readonly xpub: ExtendedPublicKey;
  /** The cosigner role the key is for: lower-case letters and underscores. */
  readonly role: string;
  /** 32 random bytes of the verifier's. */
  readonly challenge: Uint8Array;
}

const TAG = 'Trilock/key-possession/v1';
const CHALLENGE_BYTES = 32;

function digestOf({ network, origin, xpub, role, challenge }: PossessionStatement): Uint8Array {
  if (!/^[a-z][a-z_]{0,31}$/.test(role) || challenge.length !== CHALLENGE_BYTES || xpub.network !== network) {
    throw new BitcoinError(
      'possession_statement_malformed',
      'A proof of possession names a role, a challenge of 32 bytes, and a key of its network.',
    );
  }
  const statement = canonicalJson({
    challenge: bytesToHex(challenge),
    network,
    origin: formatKeyOrigin(origin),
    role,
    xpub: xpub.text,
  });
  return taggedHash(TAG, new TextEncoder().encode(statement));
}

/** Proves possession of `key` for a role: 64 bytes r‖s in hex. @throws BitcoinError `possession_statement_malformed`. */
export function provePossession(key: AccountKey, role: string, challenge: Uint8Array): string {
  const { origin, xpub } = key;
  return bytesToHex(key.signStatement(digestOf({ network: xpub.network, origin, xpub, role, challenge })));
}

/** Returns only when the proof holds. @throws BitcoinError `possession_proof_invalid`, `possession_statement_malformed`. */
export function verifyPossession(statement: PossessionStatement, proof: string): void {
  const digest = digestOf(statement);
  if (!/^[0-9a-f]{128}$/.test(proof) || !verifyDigest(digest, statement.xpub.publicKey, hexToBytes(proof))) {
    throw new BitcoinError(
      'possession_proof_invalid',
      'This does not prove possession of the key for this role.',
    );
  }
}
