import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addDescriptorChecksum,
  branchDescriptorText,
  deriveAddress,
  NETWORK_NAMES,
  parseDescriptor,
  walletDescriptor,
  type BitcoinErrorCode,
} from '../../../src/bitcoin/index.ts';
import { decodeBase58Check, encodeBase58Check } from '../../../src/bitcoin/bytes.ts';
import { expectRefusal, refusal } from '../refusals.ts';
import { fromHex } from '../vectors.ts';
import { fixtureKey, fixtureWallet } from '../wallet-fixtures.ts';

const { descriptor } = fixtureWallet();
const body = descriptor.text.slice(0, -9);

/** The descriptor with something replaced, and a right checksum again. */
function changed(from: string | RegExp, to: string): string {
  const text = body.replace(from, to);
  expect(text).not.toBe(body);
  return addDescriptorChecksum(text);
}

describe('reading and printing', () => {
  test('round trip for every threshold, size and network', () => {
    const sizes = fc
      .integer({ min: 1, max: 16 })
      .chain((keys) => fc.tuple(fc.integer({ min: 1, max: keys }), fc.constant(keys)));
    fc.assert(
      fc.property(sizes, fc.constantFrom(...NETWORK_NAMES), ([threshold, keys], network) => {
        const wallet = fixtureWallet('round trip', network, threshold, keys).descriptor;
        expect(parseDescriptor(wallet.text, network)).toEqual(wallet);
      }),
      { numRuns: 20 },
    );
  });

  test('apostrophes and upper-case fingerprints are read and printed canonically', () => {
    for (const text of [
      addDescriptorChecksum(body.replace(/\/(\d+)h/g, "/$1'")),
      changed(/\[[0-9a-f]{8}/, (/\[[0-9a-f]{8}/.exec(body)?.[0] ?? '').toUpperCase()),
    ]) {
      expect(text).not.toBe(descriptor.text);
      expect(parseDescriptor(text, 'regtest').text).toBe(descriptor.text);
    }
  });

  test("keys in SLIP-132's spellings are read and printed as tpub", () => {
    for (const version of ['044a5262', '024289ef', '045f1cf6', '02575483']) {
      const text = body.replace(/tpub[0-9A-Za-z]+/g, (key) => {
        const payload = decodeBase58Check(key, 78);
        if (typeof payload === 'string') throw new Error(payload);
        return encodeBase58Check(Uint8Array.of(...fromHex(version), ...payload.slice(4)));
      });
      expect(text).toMatch(/\][uUvV]pub/);
      expect(parseDescriptor(addDescriptorChecksum(text), 'regtest').text).toBe(descriptor.text);
    }
  });

  test('two of three is the default', () => {
    const wallet = walletDescriptor({ network: 'regtest', keys: descriptor.keys });
    expect(wallet.threshold).toBe(2);
    expect(wallet.text).toBe(descriptor.text);
  });

  test('keeps nothing of a private key and cannot be edited', () => {
    const { descriptor: wallet } = fixtureWallet();
    expect(wallet.keys.every((key) => Object.keys(key).sort().join() === 'origin,xpub')).toBe(true);
    expect(() => {
      (wallet as { threshold: number }).threshold = 1;
    }).toThrow(TypeError);
    expect(() => {
      (wallet.keys as unknown[]).pop();
    }).toThrow(TypeError);
  });

  test('addresses do not depend on the order of the keys (BIP67)', () => {
    const reversed = walletDescriptor({ network: 'regtest', keys: [...descriptor.keys].reverse() });
    expect(reversed.text).not.toBe(descriptor.text);
    expect(deriveAddress(reversed, 'change', 3).address).toBe(deriveAddress(descriptor, 'change', 3).address);
  });

  test('each branch can be printed for programs without BIP389', () => {
    expect(branchDescriptorText(descriptor, 'receive')).toBe(
      addDescriptorChecksum(body.replaceAll('<0;1>', '0')),
    );
    expect(branchDescriptorText(descriptor, 'change')).toBe(
      addDescriptorChecksum(body.replaceAll('<0;1>', '1')),
    );
  });
});

const [first, second] = body.match(/\[[^\]]*\]tpub[0-9A-Za-z]+\/<0;1>\/\*/g) ?? [];
const xpub = /tpub[0-9A-Za-z]+/.exec(body)?.[0] ?? '';
const tprv =
  'tprv8ZgxMBicQKsPdqfxRpmh6QSBKFPt5KVDVzfJhLTAEGzxXoLGdAqqrnZdvmXuoarPPoSEZvfjATc4nWbHFZR1tFnZTuT6EPCfEsDKm6ZKCZe';
const pubkey = '03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd';

describe('refused by name', () => {
  test.each<[string, () => string, BitcoinErrorCode]>([
    ['nothing', () => '', 'descriptor_checksum_missing'],
    ['no checksum', () => body, 'descriptor_checksum_missing'],
    [
      'two checksums',
      () => `${descriptor.text}${descriptor.text.slice(-9)}`,
      'descriptor_checksum_malformed',
    ],
    ['another letter case', () => descriptor.text.toUpperCase(), 'descriptor_checksum_mismatch'],
    ['a space around it', () => ` ${descriptor.text}`, 'descriptor_checksum_mismatch'],
    ['a line break', () => `${descriptor.text}\n`, 'descriptor_checksum_malformed'],
    ['letters beyond ASCII', () => descriptor.text.replace('wsh', 'wśh'), 'descriptor_character_invalid'],
    ['oversize', () => `wsh(${'x'.repeat(2_000_000)})#qqqqqqqq`, 'descriptor_too_long'],
    ['a private key', () => changed(xpub, tprv), 'private_key_refused'],
    [
      'a private key with a typing error',
      () => changed(xpub, `${tprv.slice(0, -1)}1`),
      'private_key_refused',
    ],
    [
      'a WIF key',
      () => changed(xpub, 'cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA'),
      'private_key_refused',
    ],
    [
      'a private key in another form',
      () => addDescriptorChecksum(`wpkh(${tprv}/0/*)`),
      'private_key_refused',
    ],
    ['the same key twice', () => changed(second ?? '', first ?? ''), 'descriptor_key_duplicate'],
    ['no origin', () => changed(/\[[^\]]*\]/, ''), 'descriptor_origin_missing'],
    ['an origin of another depth', () => changed('/2h]', ']'), 'key_origin_mismatch'],
    ['an origin of another last step', () => changed('/2h]', '/1h]'), 'key_origin_mismatch'],
    ['a broken origin', () => changed('/2h]', '/2h/]'), 'key_origin_malformed'],
    [
      'a single public key',
      () => changed(/tpub[0-9A-Za-z]+\/<0;1>\/\*/, pubkey),
      'descriptor_key_unsupported',
    ],
    ['a hardened step after the key', () => changed('<0;1>/*', '0h/<0;1>/*'), 'hardened_derivation_refused'],
    ['hardened branches', () => changed('<0;1>', '<0h;1h>'), 'hardened_derivation_refused'],
    ['hardened children', () => changed('/*', '/*h'), 'hardened_derivation_refused'],
    ['no multipath', () => changed('<0;1>', '0'), 'descriptor_path_unsupported'],
    ['branches swapped', () => changed('<0;1>', '<1;0>'), 'descriptor_path_unsupported'],
    ['three branches', () => changed('<0;1>', '<0;1;2>'), 'descriptor_path_unsupported'],
    ['a step more', () => changed('<0;1>/*', '<0;1>/0/*'), 'descriptor_path_unsupported'],
    ['no children', () => changed('/<0;1>/*', ''), 'descriptor_path_unsupported'],
    ['no wildcard', () => changed('<0;1>/*', '<0;1>'), 'descriptor_path_unsupported'],
    ['one branch in a multipath', () => changed('<0;1>', '<0>'), 'key_expression_malformed'],
    ['a branch twice', () => changed('<0;1>', '<0;0>'), 'key_expression_malformed'],
    ['a threshold of zero', () => changed('(2,', '(0,'), 'descriptor_threshold_invalid'],
    ['a threshold above the keys', () => changed('(2,', '(4,'), 'descriptor_threshold_invalid'],
    ['a threshold that is no number', () => changed('(2,', '(two,'), 'descriptor_threshold_invalid'],
    ['a threshold with a leading zero', () => changed('(2,', '(02,'), 'descriptor_threshold_invalid'],
    ['no keys', () => addDescriptorChecksum('wsh(sortedmulti(1))'), 'descriptor_key_count_invalid'],
    ['an empty key', () => changed('(2,', '(2,,'), 'key_expression_malformed'],
    ['an empty descriptor', () => addDescriptorChecksum(''), 'descriptor_malformed'],
    ['an unknown function', () => changed('wsh', 'wsx'), 'descriptor_malformed'],
    ['a bracket too few', () => addDescriptorChecksum(body.slice(0, -1)), 'descriptor_malformed'],
    ['a bracket too many', () => addDescriptorChecksum(`${body})`), 'descriptor_malformed'],
    ['only a key', () => addDescriptorChecksum(xpub), 'descriptor_malformed'],
  ])('%s', (_name, text, code) => {
    const error = expectRefusal(code, () => parseDescriptor(text(), 'regtest'));
    expect(JSON.stringify([error.message, error.details])).not.toContain(tprv.slice(10, 30));
  });

  test.each([
    ['wpkh()', `wpkh(${pubkey})`],
    ['pkh()', `pkh(${pubkey})`],
    ['pk()', `pk(${pubkey})`],
    ['tr()', `tr(${pubkey.slice(2)})`],
    ['rawtr()', `rawtr(${pubkey.slice(2)})`],
    ['combo()', `combo(${pubkey})`],
    ['raw()', 'raw(deadbeef)'],
    ['addr()', 'addr(bcrt1qqqqqq)'],
    ['multi()', `multi(1,${pubkey})`],
    ['sortedmulti()', `sortedmulti(1,${pubkey})`],
    ['sh(multi())', `sh(multi(1,${pubkey}))`],
    ['sh(sortedmulti())', `sh(sortedmulti(1,${pubkey}))`],
    ['sh(wpkh())', `sh(wpkh(${pubkey}))`],
    ['sh(wsh())', `sh(wsh(sortedmulti(1,${pubkey})))`],
    ['sh()', `sh(${pubkey})`],
    ['wsh()', `wsh(${pubkey})`],
    ['wsh(multi())', `wsh(multi(1,${pubkey}))`],
    ['wsh(pk())', `wsh(pk(${pubkey}))`],
    ['wsh(pkh())', `wsh(pkh(${pubkey}))`],
    ['miniscript', `wsh(and_v(v:pk(${pubkey}),older(144)))`],
    ['miniscript', `wsh(thresh(1,pk(${pubkey})))`],
    ['miniscript', `wsh(wsh(pk(${pubkey})))`],
    ['miniscript', `wsh(c:pk_k(${pubkey}))`],
  ])('%s: %s', (form, text) => {
    const error = expectRefusal('descriptor_unsupported', () =>
      parseDescriptor(addDescriptorChecksum(text), 'regtest'),
    );
    expect(error.details).toEqual({ form });
    expect(error.message).toContain(form);
  });

  test('a wallet of another network, with the network named', () => {
    const wallet = fixtureWallet('elsewhere', 'mainnet').descriptor;
    const error = expectRefusal('extended_key_wrong_network', () => parseDescriptor(wallet.text, 'regtest'));
    expect(error.details).toEqual({ expected: 'regtest', found: ['mainnet'] });
    const { keys } = fixtureWallet('elsewhere', 'signet').descriptor;
    expectRefusal('extended_key_wrong_network', () => walletDescriptor({ network: 'regtest', keys }));
  });

  test('too many keys, a key twice, an origin that lies: also when made from parts', () => {
    const keys = Array.from({ length: 17 }, (_, i) => fixtureKey(`many ${i}`));
    const [key = fixtureKey('none')] = keys;
    expectRefusal('descriptor_key_count_invalid', () => walletDescriptor({ network: 'regtest', keys }));
    expectRefusal('descriptor_key_count_invalid', () => walletDescriptor({ network: 'regtest', keys: [] }));
    expectRefusal('descriptor_key_duplicate', () =>
      walletDescriptor({ network: 'regtest', keys: [key, key] }),
    );
    expectRefusal('key_origin_mismatch', () =>
      walletDescriptor({
        network: 'regtest',
        threshold: 1,
        keys: [{ xpub: key.xpub, origin: { fingerprint: 'deadbeef', path: [] } }],
      }),
    );
    for (const threshold of [0, -1, 1.5, 4, Number.NaN]) {
      expectRefusal('descriptor_threshold_invalid', () =>
        walletDescriptor({ network: 'regtest', threshold, keys: keys.slice(0, 3) }),
      );
    }
  });

  test('a key with the same point under another chain code counts as the same key', () => {
    const [a, b] = descriptor.keys;
    if (a === undefined || b === undefined) throw new Error('no keys');
    const twin = { ...a.xpub, chainCode: b.xpub.chainCode };
    expectRefusal('descriptor_key_duplicate', () =>
      walletDescriptor({ network: 'regtest', keys: [a, { origin: a.origin, xpub: twin }] }),
    );
  });
});

test('two keys cannot have one origin', () => {
  const [a, b] = descriptor.keys;
  if (a === undefined || b === undefined) throw new Error('no keys');
  expectRefusal('descriptor_key_duplicate', () =>
    walletDescriptor({ network: 'regtest', keys: [a, { origin: a.origin, xpub: b.xpub }] }),
  );
});

describe('single-character corruption', () => {
  const alphabet =
    '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ é';

  test('is always found: changed, left out or put in', () => {
    const { text } = descriptor;
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom(...Array.from(alphabet)),
        fc.constantFrom('change', 'remove', 'insert'),
        (at, letter, how) => {
          const rest = text.slice(how === 'insert' ? at : at + 1);
          const corrupted = text.slice(0, at) + (how === 'remove' ? '' : letter) + rest;
          fc.pre(corrupted !== text);
          expect(refusal(() => parseDescriptor(corrupted, 'regtest')).code).toMatch(
            /^descriptor_(checksum|character)/,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  test('any text at all is answered with a code', () => {
    const fragments = fc.array(
      fc.oneof(
        fc.constantFrom(
          'wsh(',
          'sortedmulti(',
          '2,',
          ')',
          ',',
          '[deadbeef/48h]',
          '/<0;1>/*',
          xpub,
          tprv,
          pubkey,
          '#',
          ';',
          '<',
        ),
        fc.string({ maxLength: 8 }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(fragments, fc.boolean(), (parts, withChecksum) => {
        const text = parts.join('');
        let whole = text;
        if (withChecksum) {
          try {
            whole = addDescriptorChecksum(text);
          } catch {
            // Characters that no checksum covers: refused below as they are.
          }
        }
        expect(refusal(() => parseDescriptor(whole, 'regtest')).code).not.toBe('');
      }),
      { numRuns: 500 },
    );
  });
});
