import { describe, expect, it } from 'vitest';
import { mnemonicOfEntropy, seedOfMnemonic } from '../../src/bitcoin/index.ts';
import { keyIdOf, newEntropy, seedOfEntropy } from '../../src/keyring/index.ts';
import { readVectors } from '../bitcoin/vectors.ts';
import { expectRefusal } from './refusals.ts';

describe('the seed of entropy', () => {
  it('is the one that BIP39 gives its 24 words', () => {
    const fixed = ['00', '7f', '80', 'ff', 'a5'].map((byte) => Buffer.from(byte.repeat(32), 'hex'));
    for (const entropy of [...fixed, newEntropy(), newEntropy(), newEntropy()]) {
      const words = mnemonicOfEntropy(entropy);
      expect(words.split(' ')).toHaveLength(24);
      expect(seedOfEntropy(entropy).equals(seedOfMnemonic(words))).toBe(true);
    }
  });

  it('follows the words of BIP39’s own vectors', () => {
    // The published seeds use the passphrase TREZOR; the words are what is ours.
    const vectors = readVectors('bips/bip-0039.json') as { entropy: string; mnemonic: string }[];
    const long = vectors.filter(({ entropy }) => entropy.length === 64);
    expect(long.length).toBeGreaterThan(5);
    for (const { entropy, mnemonic } of long) {
      expect(seedOfEntropy(Buffer.from(entropy, 'hex')).equals(seedOfMnemonic(mnemonic))).toBe(true);
    }
  });

  it('refuses other lengths', async () => {
    for (const bytes of [0, 16, 31, 33, 64]) {
      await expectRefusal('secret_invalid', () => seedOfEntropy(Buffer.alloc(bytes)));
    }
  });

  it('leaves the entropy to its owner, and names keys by their xpub', () => {
    const entropy = newEntropy();
    const before = Buffer.from(entropy);
    seedOfEntropy(entropy);
    expect(entropy.equals(before)).toBe(true);
    expect(keyIdOf('tpub')).toMatch(/^[0-9a-f]{32}$/);
    expect(keyIdOf('tpub')).not.toBe(keyIdOf('tpuc'));
  });
});
