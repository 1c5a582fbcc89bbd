import {
  bip48Account,
  parseExtendedPublicKey,
  parseKeyOrigin,
  verifyDevicePossession,
  verifyPossession,
} from '../bitcoin/index.ts';
import type { DescriptorKey } from '../bitcoin/index.ts';
import { IntentError } from './errors.ts';
import { keyAttestationSchema, type KeyAttestation, type KeyStatement } from './key-attestation-contract.ts';
import type { PublicKey } from './signature-contract.ts';
import { samePublicKey } from './public-key.ts';
import { hashStatement, hex } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const KEY_TAG = 'trilock/account-key/1';
const DEVICE_TAG = 'trilock/device-token/1';
/** BIP129's longest token: 128 bits. */
const TOKEN_DIGITS = 32;

/** What the attesting key signs, and the challenge that the account key's proof of possession answers: 32 bytes. */
export function keyStatementDigest(statement: KeyStatement): Uint8Array {
  return hashStatement(KEY_TAG, statement);
}

/**
 * The token of a BIP129 session in which a hardware wallet makes the record of such a key: it binds the record to
 * what the key is for, so that none made for another role or session is taken.
 */
export function deviceToken({
  network,
  role,
  source,
}: Pick<KeyStatement, 'network' | 'role' | 'source'>): string {
  return hex(hashStatement(DEVICE_TAG, { network, role, source })).slice(0, TOKEN_DIGITS);
}

/** Whether a hardware wallet holds the key, so that no wrapped copy of it exists. */
export function isDeviceKey({ possession }: KeyAttestation): boolean {
  return typeof possession !== 'string';
}

/** @throws IntentError `key_attestation_malformed`. */
export function parseKeyAttestation(value: unknown): KeyAttestation {
  const parsed = keyAttestationSchema.safeParse(value);
  if (!parsed.success) {
    throw new IntentError('key_attestation_malformed', 'This is not the attestation of a key.', {
      details: { reason: parsed.error.issues[0]?.message ?? '' },
    });
  }
  return parsed.data;
}

/**
 * Checks where an account key comes from: attested by one of `trusted`, held by whoever attested it, at a BIP48
 * path for P2WSH, of this network. @returns the key as it stands in a descriptor.
 * @throws IntentError `key_attested_by_stranger`, `key_of_another_network`, `signature_wrong`; BitcoinError
 * `possession_proof_invalid`, `extended_key_malformed`, `key_origin_malformed`, `derivation_path_…`.
 */
export async function verifyKeyAttestation(
  attestation: KeyAttestation,
  trusted: readonly PublicKey[],
  network: KeyStatement['network'],
): Promise<DescriptorKey> {
  const { statement, possession, attestedBy, signature } = attestation;
  if (statement.network !== network) {
    throw new IntentError('key_of_another_network', `The key is for ${statement.network}, not ${network}.`);
  }
  if (!trusted.some((key) => samePublicKey(key, attestedBy))) {
    throw new IntentError('key_attested_by_stranger', 'Nobody who is trusted for this attested the key.', {
      details: { role: statement.role, source: statement.source },
    });
  }
  const origin = parseKeyOrigin(statement.origin);
  bip48Account(origin.path, network);
  const xpub = parseExtendedPublicKey(statement.xpub, network);
  const digest = keyStatementDigest(statement);
  const { role } = statement;
  if (typeof possession === 'string') {
    verifyPossession({ network, origin, xpub, role, challenge: digest }, possession);
  } else {
    const token = deviceToken(statement);
    verifyDevicePossession({ network, origin, xpub, challenge: digest, token }, possession);
  }
  await verifySignature(attestedBy, digest, signature);
  return { origin, xpub };
}
