import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveAddress, deriveAddresses, parseAddress, WalletScripts } from '../../../src/bitcoin/index.ts';
import { expectRefusal } from '../refusals.ts';
import { fixtureWallet } from '../wallet-fixtures.ts';

const { descriptor } = fixtureWallet();

describe('is this ours, and where?', () => {
  test('finds every script below the bound and nothing above it', () => {
    const scripts = new WalletScripts(descriptor);
    fc.assert(
      fc.property(fc.constantFrom('receive', 'change'), fc.nat(60), fc.nat(60), (branch, index, bound) => {
        const { scriptPubKey } = deriveAddress(descriptor, branch, index);
        expect(scripts.find(scriptPubKey, bound)).toEqual(index <= bound ? { branch, index } : null);
      }),
      { numRuns: 60 },
    );
  });

  test('knows no script of another wallet, and none that is not P2WSH', () => {
    const scripts = new WalletScripts(descriptor);
    const { scriptPubKey } = deriveAddress(fixtureWallet('other').descriptor, 'receive', 0);
    expect(scripts.find(scriptPubKey, 20)).toBeNull();
    const own = deriveAddress(descriptor, 'receive', 0);
    expect(scripts.find(own.witnessScript, 20)).toBeNull();
    expect(scripts.find(own.scriptPubKey.slice(1), 20)).toBeNull();
    expect(scripts.find(Uint8Array.of(0x51, ...own.scriptPubKey.slice(1)), 20)).toBeNull();
    expect(scripts.find(new Uint8Array(), 20)).toBeNull();
    for (const bound of [-1, 0.5, Number.POSITIVE_INFINITY]) {
      expectRefusal('derivation_index_invalid', () => scripts.find(own.scriptPubKey, bound));
    }
  });

  test('takes a Buffer, wherever in its pool it lies', () => {
    const scripts = new WalletScripts(descriptor);
    for (const index of [0, 1, 2]) {
      const { scriptPubKey } = deriveAddress(descriptor, 'change', index);
      expect(scripts.find(Buffer.from(scriptPubKey), 5)).toEqual({ branch: 'change', index });
    }
  });

  test('one program is told from another that differs in one bit', () => {
    const scripts = new WalletScripts(descriptor);
    const { scriptPubKey } = deriveAddress(descriptor, 'receive', 2);
    for (let bit = 16; bit < 34 * 8; bit += 11) {
      const altered = scriptPubKey.slice();
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(scripts.find(altered, 5)).toBeNull();
    }
  });
});

describe('deriving', () => {
  test('an address reads back to its script, and its keys say how signers find them', () => {
    const derived = deriveAddress(descriptor, 'change', 9);
    expect(parseAddress(derived.address, 'regtest').scriptPubKey).toEqual(derived.scriptPubKey);
    derived.keys.forEach(({ masterFingerprint, path }, position) => {
      const origin = descriptor.keys[position]?.origin;
      expect(masterFingerprint).toBe(origin?.fingerprint);
      expect(path).toEqual([...(origin?.path ?? []), 1, 9]);
    });
  });

  test('many at once, up to the last index there is', () => {
    expect(deriveAddresses(descriptor, 'receive', 3, 0)).toEqual([]);
    expect(deriveAddresses(descriptor, 'receive', 0x7fff_fffe, 5)).toHaveLength(2);
  });

  test('refuses indexes that are none', () => {
    for (const index of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expectRefusal('derivation_index_invalid', () => deriveAddress(descriptor, 'receive', index));
      expectRefusal('derivation_index_invalid', () => deriveAddresses(descriptor, 'receive', index, 1));
    }
    expectRefusal('hardened_derivation_refused', () => deriveAddress(descriptor, 'receive', 0x8000_0000));
  });
});
