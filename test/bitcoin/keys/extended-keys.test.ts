import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase58Check, encodeBase58Check } from '../../../src/bitcoin/bytes.ts';
import { NETWORK_NAMES, parseExtendedPublicKey } from '../../../src/bitcoin/index.ts';
import { PublicChildren } from '../../../src/bitcoin/keys/public-children.ts';
import { expectRefusal, refusal } from '../refusals.ts';
import { fixtureKey } from '../wallet-fixtures.ts';
import { fromHex, readVectors, toHex } from '../vectors.ts';

interface Bip32 {
  readonly chains: readonly {
    readonly seed: string;
    readonly steps: readonly { readonly path: string; readonly xpub: string; readonly xprv: string }[];
  }[];
  readonly invalid: readonly { readonly key: string; readonly reason: string }[];
}

const bip32 = readVectors('bips/bip-0032.json') as Bip32;
const SLIP132_PUBLIC = {
  mainnet: ['0488b21e', '049d7cb2', '0295b43f', '04b24746', '02aa7ed3'],
  testnet: ['043587cf', '044a5262', '024289ef', '045f1cf6', '02575483'],
};
const SLIP132_PRIVATE = {
  mainnet: ['0488ade4', '049d7878', '0295b005', '04b2430c', '02aa7a99'],
  testnet: ['04358394', '044a4e28', '024285b5', '045f18bc', '02575048'],
};
/** The four letters that a version spells, in the order above. */
const LETTERS = {
  mainnet: ['xpub', 'ypub', 'Ypub', 'zpub', 'Zpub'],
  testnet: ['tpub', 'upub', 'Upub', 'vpub', 'Vpub'],
};

function withVersion(text: string, version: string): string {
  const payload = decodeBase58Check(text, 78);
  if (typeof payload === 'string') throw new Error(payload);
  const changed = payload.slice();
  changed.set(fromHex(version));
  return encodeBase58Check(changed);
}

const anyKey = bip32.chains[0]?.steps[2]?.xpub ?? '';

describe('BIP32 vectors', () => {
  const steps = bip32.chains.flatMap((chain) => chain.steps);

  test.each(steps)('$path reads, prints itself, and its private half is refused', ({ xpub, xprv, path }) => {
    const key = parseExtendedPublicKey(xpub, 'mainnet');
    expect(key.text).toBe(xpub);
    expect(key.depth).toBe(path.split('/').length - 1);
    expectRefusal('private_key_refused', () => parseExtendedPublicKey(xprv, 'mainnet'));
  });

  const unhardened = bip32.chains.flatMap((chain) =>
    chain.steps.flatMap((step, i) => {
      const parent = chain.steps[i - 1];
      return parent === undefined || step.path.endsWith("'") ? [] : [{ parent, child: step }];
    }),
  );

  test.each(unhardened)('$child.path derives from its parent', ({ parent, child }) => {
    const index = Number(child.path.split('/').at(-1));
    const children = new PublicChildren(parseExtendedPublicKey(parent.xpub, 'mainnet'));
    const expected = parseExtendedPublicKey(child.xpub, 'mainnet');
    expect(toHex(children.publicKey(index))).toBe(toHex(expected.publicKey));
    expect(toHex(children.child(index).publicKey)).toBe(toHex(expected.publicKey));
    expect(toHex(children.child(index).chainCode)).toBe(toHex(expected.chainCode));
  });

  test.each(bip32.invalid)('refused: $reason', ({ key }) => {
    const error = refusal(() => parseExtendedPublicKey(key, 'mainnet'));
    expect(['extended_key_malformed', 'private_key_refused']).toContain(error.code);
    expect(JSON.stringify([error.message, error.details])).not.toContain(key.slice(4, 20));
  });
});

describe('SLIP-132', () => {
  test.each(['mainnet', 'testnet'] as const)('every public prefix of %s is normalised', (network) => {
    const own = withVersion(anyKey, SLIP132_PUBLIC[network][0] ?? '');
    SLIP132_PUBLIC[network].forEach((version, i) => {
      const text = withVersion(anyKey, version);
      expect(text.slice(0, 4)).toBe(LETTERS[network][i]);
      expect(parseExtendedPublicKey(text, network).text).toBe(own);
    });
    for (const version of SLIP132_PRIVATE[network]) {
      expectRefusal('private_key_refused', () =>
        parseExtendedPublicKey(withVersion(anyKey, version), network),
      );
    }
  });
});

describe('refusals', () => {
  test('a key of another network, with that network named', () => {
    for (const network of NETWORK_NAMES) {
      const versions = network === 'mainnet' ? SLIP132_PUBLIC.testnet : SLIP132_PUBLIC.mainnet;
      for (const version of versions) {
        const error = expectRefusal('extended_key_wrong_network', () =>
          parseExtendedPublicKey(withVersion(anyKey, version), network),
        );
        expect(error.details).toEqual({
          expected: network,
          found: network === 'mainnet' ? ['testnet', 'signet', 'regtest'] : ['mainnet'],
        });
      }
    }
  });

  test('any one character changed, without echoing it', () => {
    const { text } = fixtureKey('corruption').xpub;
    const letters = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0OIl -';
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...Array.from(letters)), (at, letter) => {
        fc.pre(text[at] !== letter);
        const changed = text.slice(0, at) + letter + text.slice(at + 1);
        const error = refusal(() => parseExtendedPublicKey(changed, 'regtest'));
        expect(error.code).toBe('extended_key_malformed');
        expect(JSON.stringify(error.details)).not.toContain(text.slice(10, 30));
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['empty', ''],
    ['cut short', anyKey.slice(0, -1)],
    ['an address', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
    ['oversize', 'x'.repeat(1_000_000)],
    ['not base 58', `${anyKey.slice(0, -1)}0`],
  ])('%s', (_name, text) => {
    expectRefusal('extended_key_malformed', () => parseExtendedPublicKey(text, 'mainnet'));
  });

  test('children that a public key does not have', () => {
    const children = new PublicChildren(parseExtendedPublicKey(anyKey, 'mainnet'));
    expectRefusal('hardened_derivation_refused', () => children.publicKey(0x8000_0000));
    for (const index of [-1, 0.5, Number.NaN, 2 ** 32]) {
      expectRefusal('derivation_index_invalid', () => children.publicKey(index));
    }
    expect(children.publicKey(0x7fff_ffff)).toHaveLength(33);
  });
});
