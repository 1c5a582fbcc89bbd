import { BitcoinError } from '../errors.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { formatDerivationPath } from '../keys/derivation-path.ts';
import { keyFingerprint, type ExtendedPublicKey } from '../keys/extended-public-key.ts';
import { formatKeyOrigin, type KeyOrigin } from '../keys/key-origin.ts';
import type { NetworkName } from '../network.ts';
import { addDescriptorChecksum } from './checksum.ts';

/** One cosigner's key in a descriptor: where it comes from, and the account key itself. */
export interface DescriptorKey {
  readonly origin: KeyOrigin;
  readonly xpub: ExtendedPublicKey;
}

declare const walletDescriptorBrand: unique symbol;

/**
 * A wallet: `wsh(sortedmulti(threshold, key…))`, each key with its origin and the receive and change branches
 * `<0;1>/*` (BIP380, 382, 383, 389). Made only by {@link walletDescriptor}, so every rule below holds.
 */
export interface WalletDescriptor {
  readonly network: NetworkName;
  readonly threshold: number;
  /** In the order they were written; addresses do not depend on it (BIP67). */
  readonly keys: readonly DescriptorKey[];
  /** The one canonical text, with its checksum: hardened steps as `h`, keys as xpub or tpub. */
  readonly text: string;
  readonly [walletDescriptorBrand]: true;
}

/** Two of three: what wallets are unless a plan says otherwise. */
export const DEFAULT_THRESHOLD = 2;

/**
 * Key numbers up to 16 are single opcodes, which every signer knows; BIP383 would allow 20 below wsh.
 */
export const MAX_DESCRIPTOR_KEYS = 16;

/** An origin that contradicts its key would make signers search for a key that they do not find. */
function requireMatchingOrigin({ origin, xpub }: DescriptorKey): void {
  const { path } = origin;
  const consistent =
    path.length === xpub.depth &&
    (path.at(-1) ?? 0) === xpub.childNumber &&
    (path.length !== 1 || xpub.parentFingerprint === origin.fingerprint) &&
    (path.length !== 0 || keyFingerprint(xpub.publicKey) === origin.fingerprint);
  if (!consistent) {
    throw new BitcoinError(
      'key_origin_mismatch',
      'The key origin does not lead to the key that it stands before.',
      {
        details: {
          origin: formatKeyOrigin(origin),
          keyDepth: xpub.depth,
          keyStep: formatDerivationPath([xpub.childNumber]),
        },
      },
    );
  }
}

/** One key behind two names would make a wallet of fewer people than it says; two keys of one origin cannot be. */
function requireDistinct(keys: readonly DescriptorKey[]): void {
  keys.forEach(({ origin, xpub }, position) => {
    const twin = keys.findIndex(
      (other) =>
        bytesEqual(other.xpub.publicKey, xpub.publicKey) ||
        formatKeyOrigin(other.origin) === formatKeyOrigin(origin),
    );
    if (twin !== position) {
      throw new BitcoinError('descriptor_key_duplicate', 'The descriptor names one key twice.', {
        details: { positions: [twin, position] },
      });
    }
  });
}

function bodyOf(threshold: number, keys: readonly DescriptorKey[], branch: string): string {
  const expressions = keys.map(({ origin, xpub }) => `${formatKeyOrigin(origin)}${xpub.text}/${branch}/*`);
  return `wsh(sortedmulti(${[threshold, ...expressions].join(',')}))`;
}

/**
 * Makes a wallet's descriptor from its keys. @throws BitcoinError `descriptor_key_count_invalid`,
 * `descriptor_threshold_invalid`, `descriptor_key_duplicate`, `extended_key_wrong_network`,
 * `key_origin_mismatch`.
 */
export function walletDescriptor(parts: {
  readonly network: NetworkName;
  readonly threshold?: number;
  readonly keys: readonly DescriptorKey[];
}): WalletDescriptor {
  const { network, threshold = DEFAULT_THRESHOLD, keys } = parts;
  if (keys.length < 1 || keys.length > MAX_DESCRIPTOR_KEYS) {
    throw new BitcoinError(
      'descriptor_key_count_invalid',
      `A wallet has from one to ${MAX_DESCRIPTOR_KEYS} keys.`,
      { details: { keys: keys.length } },
    );
  }
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > keys.length) {
    throw new BitcoinError(
      'descriptor_threshold_invalid',
      'The signatures needed are at least one and at most the number of keys.',
      { details: { threshold: String(threshold), keys: keys.length } },
    );
  }
  for (const key of keys) {
    if (key.xpub.network !== network) {
      throw new BitcoinError(
        'extended_key_wrong_network',
        `A key is for ${key.xpub.network}, not for ${network}.`,
        {
          details: { expected: network, found: [key.xpub.network] },
        },
      );
    }
    requireMatchingOrigin(key);
  }
  requireDistinct(keys);
  // Copied, so that a caller's object with a private key is not kept, and frozen, so that nobody edits a wallet.
  const publicKeys = keys.map(({ origin, xpub }) => Object.freeze({ origin, xpub }));
  return Object.freeze({
    network,
    threshold,
    keys: Object.freeze(publicKeys),
    text: addDescriptorChecksum(bodyOf(threshold, keys, '<0;1>')),
  }) as WalletDescriptor;
}

/** `receive` addresses are shown to payers (step 0), `change` ones only to ourselves (step 1). */
export type Branch = 'receive' | 'change';

export function branchStep(branch: Branch): 0 | 1 {
  return branch === 'receive' ? 0 : 1;
}

/** The branch as a descriptor of its own, for programs that do not read BIP389. Checksum included. */
export function branchDescriptorText(descriptor: WalletDescriptor, branch: Branch): string {
  const { threshold, keys } = descriptor;
  return addDescriptorChecksum(bodyOf(threshold, keys, String(branchStep(branch))));
}
