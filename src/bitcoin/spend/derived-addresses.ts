import { deriveAddress, type DerivedAddress, type WalletPosition } from '../descriptors/derive-address.ts';
import type { WalletDescriptor } from '../descriptors/wallet-descriptor.ts';

/** Enough for the inputs of the largest transaction; about half a kilobyte each. */
const KEPT_PER_WALLET = 4_096;

/** Goes when the descriptor goes. */
const derived = new WeakMap<WalletDescriptor, Map<string, DerivedAddress>>();

/**
 * The wallet's address at a position, kept for the next question about it: to build, check, sign and complete one
 * transaction asks several times for each input, and deriving its keys is the dearest part of each answer. What
 * is returned is shared and not to be written to.
 */
export function addressAt(wallet: WalletDescriptor, { branch, index }: WalletPosition): DerivedAddress {
  let known = derived.get(wallet);
  if (known === undefined || known.size >= KEPT_PER_WALLET) {
    known = new Map();
    derived.set(wallet, known);
  }
  const name = `${branch}/${index}`;
  let address = known.get(name);
  if (address === undefined) {
    address = deriveAddress(wallet, branch, index);
    known.set(name, address);
  }
  return address;
}
