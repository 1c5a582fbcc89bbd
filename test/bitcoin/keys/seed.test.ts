import { describe, expect, test } from 'vitest';
import { BIP32Factory } from 'bip32';
import * as tiny from 'tiny-secp256k1';
import {
  accountKeyFromSeed,
  formatKeyOrigin,
  mnemonicOfEntropy,
  NETWORK_NAMES,
  networkOf,
  publicKeyOf,
  seedOfMnemonic,
  selectSecp256k1,
  verifyDigest,
} from '../../../src/bitcoin/index.ts';
import { expectRefusal } from '../refusals.ts';
import { fixtureKey } from '../wallet-fixtures.ts';
import { fromHex, readVectors, toHex } from '../vectors.ts';

const bip39 = readVectors('bips/bip-0039.json') as readonly {
  readonly entropy: string;
  readonly mnemonic: string;
  readonly seed: string;
  readonly xprv: string;
}[];

const bip84 = readVectors('bips/bip-0084.json') as { readonly mnemonic: string; readonly rootpriv: string };

describe('BIP39 vectors', () => {
  test.each(bip39)('$mnemonic', ({ entropy, mnemonic, seed }) => {
    expect(mnemonicOfEntropy(fromHex(entropy))).toBe(mnemonic);
    expect(toHex(seedOfMnemonic(mnemonic, 'TREZOR'))).toBe(seed);
  });

  test.each([
    ['a word that is not in the list', bip84.mnemonic.replace('about', 'abuot')],
    ['a wrong checksum', bip84.mnemonic.replace('about', 'abandon')],
    ['a word missing', bip84.mnemonic.replace(' about', '')],
    ['nothing', ''],
    ['too much', `${bip84.mnemonic} `.repeat(10_000)],
  ])('refused: %s, and nothing of it is echoed', (_name, mnemonic) => {
    const error = expectRefusal('mnemonic_invalid', () => seedOfMnemonic(mnemonic));
    expect(JSON.stringify([error.message, error.details, error.internal])).not.toContain('aband');
  });

  test('entropy and seeds of a wrong length', () => {
    for (const bytes of [0, 15, 17, 31, 33]) {
      expectRefusal('seed_invalid', () => mnemonicOfEntropy(new Uint8Array(bytes)));
    }
    for (const bytes of [0, 15, 65]) {
      expectRefusal('seed_invalid', () => accountKeyFromSeed(new Uint8Array(bytes), 'regtest', 0));
    }
  });
});

describe.each(['native', 'wasm'] as const)('account keys with %s', (backend) => {
  test.each(NETWORK_NAMES)('on %s are those of bip32 at the BIP48 path', (network) => {
    selectSecp256k1(backend);
    const seed = seedOfMnemonic(bip84.mnemonic);
    const master = BIP32Factory(tiny).fromSeed(seed, networkOf(network).bitcoinjs);
    const coin = network === 'mainnet' ? 0 : 1;
    for (const account of [0, 7]) {
      const expected = master.derivePath(`m/48'/${coin}'/${account}'/2'`);
      const key = accountKeyFromSeed(seed, network, account);
      expect(key.xpub.text).toBe(expected.neutered().toBase58());
      expect(formatKeyOrigin(key.origin)).toBe(`[${toHex(master.fingerprint)}/48h/${coin}h/${account}h/2h]`);
      const digest = new Uint8Array(32).fill(account + 1);
      for (const [branch, index] of [
        [0, 0],
        [1, 12_345],
      ] as const) {
        const child = expected.derive(branch).derive(index);
        const signature = key.signAt(branch, index, digest);
        expect(toHex(signature)).toBe(toHex(child.sign(digest, true)));
        expect(verifyDigest(digest, child.publicKey, signature)).toBe(true);
        expect(toHex(publicKeyOf(child.privateKey ?? digest))).toBe(toHex(child.publicKey));
      }
      expect(toHex(key.signStatement(digest))).toBe(toHex(expected.sign(digest, true)));
    }
    selectSecp256k1('auto');
  });
});

describe('an account key', () => {
  test('does not sign after it was erased', () => {
    const key = fixtureKey('erased');
    const digest = new Uint8Array(32);
    key.signAt(0, 0, digest);
    key.erase();
    expectRefusal('private_key_invalid', () => key.signAt(0, 0, digest));
    expectRefusal('private_key_invalid', () => key.signStatement(digest));
  });

  test('shows no private bytes when it is printed', () => {
    const key = fixtureKey('printed');
    expect(JSON.stringify(key)).not.toMatch(/private|prv/i);
    expect(Object.keys(key).sort()).toEqual(['origin', 'xpub']);
  });

  test('does not sign below hardened steps or outside its range', () => {
    const key = fixtureKey('range');
    const digest = new Uint8Array(32);
    expectRefusal('hardened_derivation_refused', () => key.signAt(0, 0x8000_0000, digest));
    expectRefusal('derivation_index_invalid', () => key.signAt(0, -1, digest));
    expectRefusal('digest_invalid', () => key.signAt(0, 0, new Uint8Array(31)));
  });
});
