import { payments } from 'bitcoinjs-lib';
import { afterEach, describe, expect, test } from 'vitest';
import { BIP32Factory } from 'bip32';
import * as tiny from 'tiny-secp256k1';
import {
  deriveAddress,
  deriveAddresses,
  deriveScriptPubKey,
  NETWORK_NAMES,
  networkOf,
  selectSecp256k1,
  type Branch,
  type WalletDescriptor,
} from '../../../src/bitcoin/index.ts';
import { fixtureWallet } from '../wallet-fixtures.ts';

const bip32 = BIP32Factory(tiny);

/** The same address by bitcoinjs-lib's payments, bip32 and tiny-secp256k1 alone. */
function byBitcoinjs(descriptor: WalletDescriptor, branch: Branch, index: number) {
  const network = networkOf(descriptor.network).bitcoinjs;
  const pubkeys = descriptor.keys
    .map(({ xpub }) => bip32.fromBase58(xpub.text, network).derive(branch === 'receive' ? 0 : 1))
    .map((key) => key.derive(index).publicKey)
    .sort((a, b) => Buffer.compare(a, b));
  const redeem = payments.p2ms({ m: descriptor.threshold, pubkeys, network });
  return payments.p2wsh({ redeem, network });
}

afterEach(() => {
  selectSecp256k1('auto');
});

describe.each(['native', 'wasm'] as const)('with the %s backend', (backend) => {
  test.each(NETWORK_NAMES)('addresses on %s are those of bitcoinjs-lib, byte for byte', (network) => {
    selectSecp256k1(backend);
    const { descriptor } = fixtureWallet('byte-equal', network);
    for (const branch of ['receive', 'change'] as const) {
      const texts = deriveAddresses(descriptor, branch, 0, 20);
      for (const index of [0, 1, 19]) {
        const expected = byBitcoinjs(descriptor, branch, index);
        const derived = deriveAddress(descriptor, branch, index);
        expect(derived.address).toBe(expected.address);
        expect(texts[index]).toBe(expected.address);
        expect(derived.scriptPubKey).toEqual(expected.output);
        expect(deriveScriptPubKey(descriptor, branch, index)).toEqual(expected.output);
        expect(derived.witnessScript).toEqual(expected.redeem?.output);
      }
    }
  });

  test.each([
    [1, 1],
    [1, 2],
    [3, 5],
    [15, 15],
    [11, 16],
  ])('%i of %i', (threshold, keyCount) => {
    selectSecp256k1(backend);
    const { descriptor } = fixtureWallet('sizes', 'regtest', threshold, keyCount);
    expect(deriveAddress(descriptor, 'receive', 7).address).toBe(
      byBitcoinjs(descriptor, 'receive', 7).address,
    );
  });
});
