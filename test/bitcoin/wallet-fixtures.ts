import { sha256 } from '@noble/hashes/sha2.js';
import {
  accountKeyFromSeed,
  walletDescriptor,
  type AccountKey,
  type NetworkName,
  type WalletDescriptor,
} from '../../src/bitcoin/index.ts';

export interface FixtureWallet {
  readonly keys: readonly AccountKey[];
  readonly descriptor: WalletDescriptor;
}

/** A fresh `AccountKey` of a name: the same name is the same key in every run. */
export function fixtureKey(name: string, network: NetworkName = 'regtest', account = 0): AccountKey {
  return accountKeyFromSeed(sha256(new TextEncoder().encode(`fixture key ${name}`)), network, account);
}

/** A k-of-n wallet with its private keys, the same in every run. */
export function fixtureWallet(
  name = 'first',
  network: NetworkName = 'regtest',
  threshold = 2,
  keyCount = 3,
): FixtureWallet {
  const keys = Array.from({ length: keyCount }, (_, i) => fixtureKey(`${name} ${i}`, network));
  return { keys, descriptor: walletDescriptor({ network, threshold, keys }) };
}
