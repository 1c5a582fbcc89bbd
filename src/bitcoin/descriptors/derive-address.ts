import { sha256 } from '@noble/hashes/sha2.js';
import { encodeSegwit } from '../addresses/segwit.ts';
import { HARDENED, type DerivationPath } from '../keys/derivation-path.ts';
import { requireUnhardened } from '../keys/child-tweaks.ts';
import { PublicChildren } from '../keys/public-children.ts';
import { networkOf } from '../network.ts';
import { multisigScript, sortPublicKeys } from './multisig-script.ts';
import { branchStep, type Branch, type WalletDescriptor } from './wallet-descriptor.ts';

/** A place in a wallet: which branch, and which index on it. */
export interface WalletPosition {
  readonly branch: Branch;
  readonly index: number;
}

/** One cosigner's key of an address and how its signer finds it. */
export interface DerivedKey {
  readonly publicKey: Uint8Array;
  readonly masterFingerprint: string;
  /** From the master key: origin path, branch, index. */
  readonly path: DerivationPath;
}

/** Everything that is needed to pay to, or spend from, one address of a wallet. */
export interface DerivedAddress extends WalletPosition {
  readonly address: string;
  readonly scriptPubKey: Uint8Array;
  readonly witnessScript: Uint8Array;
  /** In the order of the descriptor's keys, not of the script. */
  readonly keys: readonly DerivedKey[];
}

type BranchDerivers = Readonly<Record<Branch, readonly PublicChildren[]>>;

/** What derivation keeps per descriptor; it goes when the descriptor goes. */
const derivers = new WeakMap<WalletDescriptor, BranchDerivers>();

function deriversOf(descriptor: WalletDescriptor, branch: Branch): readonly PublicChildren[] {
  let known = derivers.get(descriptor);
  if (known === undefined) {
    const accounts = descriptor.keys.map(({ xpub }) => new PublicChildren(xpub));
    const onBranch = (name: Branch) => accounts.map((key) => new PublicChildren(key.child(branchStep(name))));
    known = { receive: onBranch('receive'), change: onBranch('change') };
    derivers.set(descriptor, known);
  }
  return known[branch];
}

function witnessScriptOver(threshold: number, publicKeys: readonly Uint8Array[]): Uint8Array {
  return multisigScript(threshold, sortPublicKeys(publicKeys));
}

function witnessProgram(descriptor: WalletDescriptor, branch: Branch, index: number): Uint8Array {
  const publicKeys = deriversOf(descriptor, branch).map((key) => key.publicKey(index));
  return sha256(witnessScriptOver(descriptor.threshold, publicKeys));
}

function payToWitnessProgram(program: Uint8Array): Uint8Array {
  const script = new Uint8Array(34);
  script[1] = 32;
  script.set(program, 2);
  return script;
}

/**
 * The address at a position with its scripts and keys. @throws BitcoinError `derivation_index_invalid`,
 * `hardened_derivation_refused`.
 */
export function deriveAddress(descriptor: WalletDescriptor, branch: Branch, index: number): DerivedAddress {
  const publicKeys = deriversOf(descriptor, branch).map((key) => key.publicKey(index));
  const witnessScript = witnessScriptOver(descriptor.threshold, publicKeys);
  const program = sha256(witnessScript);
  return {
    branch,
    index,
    address: encodeSegwit(networkOf(descriptor.network).bech32Prefix, 0, program),
    scriptPubKey: payToWitnessProgram(program),
    witnessScript,
    keys: descriptor.keys.map(({ origin }, position) => ({
      publicKey: publicKeys[position] ?? new Uint8Array(),
      masterFingerprint: origin.fingerprint,
      path: [...origin.path, branchStep(branch), index],
    })),
  };
}

/** The output script at a position, 34 bytes; cheaper than {@link deriveAddress}. */
export function deriveScriptPubKey(descriptor: WalletDescriptor, branch: Branch, index: number): Uint8Array {
  return payToWitnessProgram(witnessProgram(descriptor, branch, index));
}

/** `count` addresses from index `first` on, as text: the fast path for showing or importing many. */
export function deriveAddresses(
  descriptor: WalletDescriptor,
  branch: Branch,
  first: number,
  count: number,
): string[] {
  requireUnhardened(first);
  const prefix = networkOf(descriptor.network).bech32Prefix;
  const addresses: string[] = [];
  const end = Math.min(first + count, HARDENED);
  for (let index = first; index < end; index++) {
    addresses.push(encodeSegwit(prefix, 0, witnessProgram(descriptor, branch, index)));
  }
  return addresses;
}
