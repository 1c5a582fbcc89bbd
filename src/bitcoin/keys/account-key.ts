import type { BIP32Interface } from 'bip32';
import { BitcoinError } from '../errors.ts';
import { networkOf, type NetworkName } from '../network.ts';
import { curve } from '../secp256k1/active.ts';
import { signDigest } from '../secp256k1/signature.ts';
import { childInvalid, ChildTweaks } from './child-tweaks.ts';
import { bip48Path, type DerivationPath } from './derivation-path.ts';
import { keyFingerprint, parseExtendedPublicKey, type ExtendedPublicKey } from './extended-public-key.ts';
import type { KeyOrigin } from './key-origin.ts';

/** A private key with its chain code; `erase` overwrites both. */
class PrivateNode {
  readonly #privateKey: Uint8Array;
  readonly #chainCode: Uint8Array;
  readonly #tweaks: ChildTweaks;

  constructor(privateKey: Uint8Array, chainCode: Uint8Array, publicKey: Uint8Array) {
    this.#privateKey = privateKey;
    this.#chainCode = chainCode;
    this.#tweaks = new ChildTweaks({ publicKey, chainCode });
  }

  child(index: number): { readonly privateKey: Uint8Array; readonly chainCode: Uint8Array } {
    const { tweak, chainCode } = this.#tweaks.at(index);
    const privateKey = curve().backend.privateAdd(this.#privateKey, tweak);
    if (privateKey === null) throw childInvalid(index);
    return { privateKey, chainCode };
  }

  sign(digest: Uint8Array): Uint8Array {
    return signDigest(digest, this.#privateKey);
  }

  erase(): void {
    this.#privateKey.fill(0);
    this.#chainCode.fill(0);
  }
}

function childNode(parent: PrivateNode, index: number): PrivateNode {
  const { privateKey, chainCode } = parent.child(index);
  const publicKey = curve().backend.pointFromScalar(privateKey, true);
  if (publicKey === null) throw childInvalid(index);
  return new PrivateNode(privateKey, chainCode.slice(), publicKey);
}

/**
 * One cosigner's private account key. It signs and never shows private bytes; after `erase` it refuses to sign.
 */
export class AccountKey {
  readonly origin: KeyOrigin;
  readonly xpub: ExtendedPublicKey;
  readonly #node: PrivateNode;
  readonly #branches = new Map<number, PrivateNode>();
  #erased = false;

  /** Use {@link accountKeyFromSeed}. `node` becomes the account key's own. */
  constructor(node: BIP32Interface, origin: KeyOrigin, network: NetworkName) {
    this.origin = origin;
    this.xpub = parseExtendedPublicKey(node.neutered().toBase58(), network);
    if (node.privateKey === undefined) {
      throw new BitcoinError('private_key_invalid', 'An account key needs its private half.');
    }
    this.#node = new PrivateNode(node.privateKey, node.chainCode, node.publicKey);
  }

  #requireUsable(): void {
    if (this.#erased) {
      throw new BitcoinError('private_key_invalid', 'This key was erased from memory.');
    }
  }

  /**
   * Signs a digest with the key at `branch`/`index` below the account (0 or 1 for receive or change). Returns
   * r‖s as `signDigest` does. @throws BitcoinError `hardened_derivation_refused`, `digest_invalid`,
   * `private_key_invalid` after `erase`.
   */
  signAt(branch: 0 | 1, index: number, digest: Uint8Array): Uint8Array {
    this.#requireUsable();
    let node = this.#branches.get(branch);
    if (node === undefined) {
      node = childNode(this.#node, branch);
      this.#branches.set(branch, node);
    }
    const { privateKey } = node.child(index);
    try {
      return signDigest(digest, privateKey);
    } finally {
      privateKey.fill(0);
    }
  }

  /** Signs a digest with the account key itself: for statements about the key, never for transactions. */
  signStatement(digest: Uint8Array): Uint8Array {
    this.#requireUsable();
    return this.#node.sign(digest);
  }

  /** Overwrites the private bytes. Copies that the runtime made while computing are beyond reach. */
  erase(): void {
    this.#node.erase();
    for (const node of this.#branches.values()) node.erase();
    this.#erased = true;
  }
}

function eraseNode(node: BIP32Interface): void {
  node.privateKey?.fill(0);
  node.chainCode.fill(0);
}

function derivedAccount(
  root: BIP32Interface,
  path: DerivationPath,
): { readonly node: BIP32Interface; readonly fingerprint: string } {
  const fingerprint = keyFingerprint(root.publicKey);
  let node = root;
  for (const step of path) {
    const child = node.derive(step);
    eraseNode(node);
    node = child;
  }
  return { node, fingerprint };
}

/**
 * The account key of an extended private key in BIP32's spelling: either the master key, from which the origin's
 * path is derived, or the account key itself. It must be the key that `expected` names, so that a text of another
 * network or wallet is refused. No text is ever echoed.
 * @throws BitcoinError `private_key_invalid`.
 */
export function accountKeyFromExtendedPrivate(
  text: string,
  network: NetworkName,
  expected: DescriptorKeyFacts,
): AccountKey {
  const refused = (): BitcoinError =>
    new BitcoinError('private_key_invalid', 'This is not the extended private key of the key that is meant.');
  let node: BIP32Interface;
  try {
    node = curve().bip32.fromBase58(text, networkOf(network).bitcoinjs);
  } catch {
    throw refused();
  }
  const { origin, xpub } = expected;
  const account = node.depth === 0 ? derivedAccount(node, origin.path).node : node;
  if (account.isNeutered()) throw refused();
  const key = new AccountKey(account, origin, network);
  if (key.xpub.text === xpub.text) return key;
  key.erase();
  throw refused();
}

/** What is known in public of an account key. */
interface DescriptorKeyFacts {
  readonly origin: KeyOrigin;
  readonly xpub: ExtendedPublicKey;
}

/**
 * The key at m/48'/coin'/account'/2' of a BIP32 seed (16 to 64 bytes), for wsh multisig (BIP48).
 * @throws BitcoinError `seed_invalid`, `derivation_path_unsupported`.
 */
export function accountKeyFromSeed(seed: Uint8Array, network: NetworkName, account: number): AccountKey {
  if (seed.length < 16 || seed.length > 64) {
    throw new BitcoinError('seed_invalid', 'A seed has 16 to 64 bytes.', { details: { bytes: seed.length } });
  }
  const path = bip48Path(network, account);
  const root = curve().bip32.fromSeed(seed, networkOf(network).bitcoinjs);
  const { node, fingerprint } = derivedAccount(root, path);
  return new AccountKey(node, { fingerprint, path }, network);
}
