import { createRequire } from 'node:module';
import { ECPairFactory } from 'ecpair';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  publicKeyOf,
  secp256k1Status,
  selectSecp256k1,
  signDigest,
  verifyDigest,
} from '../../../src/bitcoin/index.ts';
import { curve } from '../../../src/bitcoin/secp256k1/active.ts';
import type { Secp256k1Backend } from '../../../src/bitcoin/secp256k1/backend.ts';
import { expectRefusal } from '../refusals.ts';
import { fromHex, toHex } from '../vectors.ts';

const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
const GENERATOR = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';

function backend(name: 'native' | 'wasm'): Secp256k1Backend {
  selectSecp256k1(name);
  return curve().backend;
}

const native = backend('native');
const wasm = backend('wasm');
const both = [native, wasm];

afterAll(() => {
  selectSecp256k1('auto');
});

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const privateKey = bytes32.filter((bytes) => wasm.isPrivate(bytes));

/** The result, or that it threw: both backends must agree in either. */
function outcome(action: () => unknown): unknown {
  try {
    return { result: action() };
  } catch {
    return 'threw';
  }
}

function expectAgreement(operation: (backend: Secp256k1Backend) => unknown): void {
  const [first, second] = both.map((each) => outcome(() => operation(each)));
  expect(JSON.stringify(first)).toBe(JSON.stringify(second));
}

describe('the choice', () => {
  test('is automatic, and native where the addon loads', () => {
    expect(selectSecp256k1('auto')).toEqual({
      backend: 'native',
      chosen: 'automatically',
      nativeUnavailable: null,
    });
  });

  test.each(['native', 'wasm'] as const)('can be forced to %s and is shown', (name) => {
    selectSecp256k1(name);
    expect(secp256k1Status()).toEqual({ backend: name, chosen: 'by_option', nativeUnavailable: null });
  });

  /** What a host without a working addon looks like to this process. */
  function withHost<Result>(
    getBuiltinModule: typeof process.getBuiltinModule | undefined,
    run: () => Result,
  ): Result {
    const own = Object.getOwnPropertyDescriptor(process, 'getBuiltinModule') ?? {};
    Object.defineProperty(process, 'getBuiltinModule', { ...own, value: getBuiltinModule });
    try {
      return run();
    } finally {
      Object.defineProperty(process, 'getBuiltinModule', own);
    }
  }

  /** A host whose `require` answers as given, whatever is asked for. */
  function hostRequiring(answer: () => unknown): typeof process.getBuiltinModule {
    return () => ({ createRequire: () => answer });
  }

  test('is tiny-secp256k1 where there is no addon, and says why', () => {
    const noAddon = hostRequiring(() => {
      throw new Error('No native build was found\nlots of paths');
    });
    expect(withHost(noAddon, () => selectSecp256k1('auto'))).toEqual({
      backend: 'wasm',
      chosen: 'automatically',
      nativeUnavailable: 'No native build was found',
    });
    expect(withHost(undefined, () => selectSecp256k1('auto'))).toEqual({
      backend: 'wasm',
      chosen: 'automatically',
      nativeUnavailable: 'not a Node.js process',
    });
    const error = withHost(noAddon, () =>
      expectRefusal('secp256k1_backend_unavailable', () => selectSecp256k1('native')),
    );
    expect(error.internal).toBe('No native build was found');
  });

  test('is never an addon that computes wrongly: that is an error, not a reason to fall back', () => {
    const { publicKeyTweakAdd, ...rest } = createRequire(import.meta.url)('secp256k1/bindings') as Record<
      string,
      (...values: unknown[]) => unknown
    >;
    const wrong = hostRequiring(() => ({
      ...rest,
      publicKeyTweakAdd: (point: Uint8Array, _tweak: Uint8Array, compressed: boolean) =>
        publicKeyTweakAdd?.(point, new Uint8Array(32).fill(1), compressed),
    }));
    for (const choice of ['auto', 'native'] as const) {
      withHost(wrong, () => expectRefusal('secp256k1_backend_broken', () => selectSecp256k1(choice)));
    }
  });

  test('never falls back to the JavaScript curve of the secp256k1 package', () => {
    selectSecp256k1('native');
    expect(
      Object.keys(createRequire(import.meta.url).cache).filter((path) =>
        /secp256k1\/(elliptic|index)\.js$/.test(path),
      ),
    ).toEqual([]);
  });
});

describe.each(both)('the $name backend', (each) => {
  test('passes the known-answer tests of ecpair', () => {
    expect(() => {
      (ECPairFactory as (ecc: Secp256k1Backend) => unknown)(each);
    }).not.toThrow();
  });

  test('calls hybrid and other encodings no points', () => {
    const uncompressed = toHex(each.pointCompress(fromHex(GENERATOR), false));
    expect(each.isPoint(fromHex(GENERATOR))).toBe(true);
    expect(each.isPoint(fromHex(uncompressed))).toBe(true);
    for (const prefix of ['00', '01', '05', '06', '07']) {
      expect(each.isPoint(fromHex(prefix + uncompressed.slice(2)))).toBe(false);
      expect(each.isPoint(fromHex(prefix + GENERATOR.slice(2)))).toBe(false);
    }
    expect(each.isPoint(fromHex(GENERATOR.slice(2)))).toBe(false);
    expect(each.isPoint(new Uint8Array())).toBe(false);
    expect(each.isPoint(fromHex('02' + 'ff'.repeat(32)))).toBe(false);
  });

  test('knows which scalars are private keys', () => {
    expect(each.isPrivate(new Uint8Array(32))).toBe(false);
    expect(each.isPrivate(fromHex(ORDER))).toBe(false);
    expect(each.isPrivate(fromHex(ORDER.slice(0, -1) + '0'))).toBe(true);
    expect(each.isPrivate(new Uint8Array(31).fill(1))).toBe(false);
  });

  test('returns null at infinity and at zero, and throws on a tweak out of range', () => {
    const minusOne = fromHex(ORDER.slice(0, -1) + '0');
    const one = fromHex('00'.repeat(31) + '01');
    expect(each.pointAddScalar(fromHex(GENERATOR), minusOne)).toBeNull();
    expect(each.privateAdd(one, minusOne)).toBeNull();
    expect(() => each.pointAddScalar(fromHex(GENERATOR), fromHex(ORDER))).toThrow();
    expect(() => each.privateAdd(one, fromHex(ORDER))).toThrow();
    expect(toHex(each.pointAddScalar(fromHex(GENERATOR), new Uint8Array(32)) ?? new Uint8Array())).toBe(
      GENERATOR,
    );
  });

  test('leaves its arguments as they were', () => {
    const key = fromHex('00'.repeat(31) + '07');
    each.privateAdd(key, fromHex('00'.repeat(31) + '01'));
    each.privateNegate(key);
    const highS = fromHex('11'.repeat(32) + ORDER.slice(0, -1) + '0');
    const before = toHex(highS);
    each.verify(new Uint8Array(32), fromHex(GENERATOR), highS);
    expect(toHex(key)).toBe('00'.repeat(31) + '07');
    expect(toHex(highS)).toBe(before);
  });

  test('signs with the nonce of RFC 6979', () => {
    // Known answer of the Bitcoin community (key 1, "Satoshi Nakamoto"), with low s.
    const digest = fromHex('a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e');
    expect(toHex(each.sign(digest, fromHex('00'.repeat(31) + '01')))).toBe(
      '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8' +
        '2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
    );
  });
});

describe('both backends agree', () => {
  test('on keys, tweaks and points', () => {
    fc.assert(
      fc.property(bytes32, bytes32, fc.boolean(), (key, tweak, compressed) => {
        expectAgreement((each) => each.isPrivate(key));
        expectAgreement((each) => each.pointFromScalar(key, compressed));
        expectAgreement((each) => each.privateAdd(key, tweak));
        expectAgreement((each) => each.privateNegate(key));
        const point = wasm.isPrivate(key) ? (wasm.pointFromScalar(key) ?? key) : key;
        expectAgreement((each) => each.pointAddScalar(point, tweak, compressed));
        expectAgreement((each) => each.pointCompress(point, compressed));
        expectAgreement((each) => each.xOnlyPointAddTweak(point.slice(1), tweak));
      }),
      { numRuns: 100 },
    );
  });

  test('on strange points', () => {
    const lengths = fc.constantFrom(0, 31, 32, 33, 34, 64, 65, 66);
    const candidates = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
    const prefixed = fc.tuple(fc.constantFrom(2, 3, 4, 6, 7), candidates).map(([prefix, rest]) => {
      const bytes = rest.slice();
      if (bytes.length > 0) bytes[0] = prefix;
      return bytes;
    });
    fc.assert(
      fc.property(prefixed, bytes32, (candidate, tweak) => {
        expectAgreement((each) => each.isPoint(candidate));
        expectAgreement((each) => each.pointAddScalar(candidate, tweak));
        expectAgreement((each) => each.pointCompress(candidate));
      }),
      { numRuns: 200 },
    );
  });

  test('on signatures, byte for byte, with and without extra nonce data', () => {
    fc.assert(
      fc.property(bytes32, privateKey, fc.option(bytes32, { nil: undefined }), (digest, key, extra) => {
        expectAgreement((each) => each.sign(digest, key, extra));
      }),
      { numRuns: 60 },
    );
  });

  test('on verification of true, altered and high-s signatures', () => {
    const alteration = fc.record({ at: fc.nat(63), to: fc.nat(255) });
    fc.assert(
      fc.property(bytes32, privateKey, alteration, fc.boolean(), (digest, key, { at, to }, strict) => {
        const point = wasm.pointFromScalar(key) ?? key;
        const signature = wasm.sign(digest, key);
        const altered = signature.slice();
        altered[at] = to;
        const highS = signature.slice();
        highS.set(wasm.privateNegate(signature.slice(32)), 32);
        for (const candidate of [
          signature,
          altered,
          highS,
          new Uint8Array(64),
          new Uint8Array(64).fill(255),
        ]) {
          expectAgreement((each) => each.verify(digest, point, candidate, strict));
        }
        expect(native.verify(digest, point, highS, true)).toBe(false);
        expect(native.verify(digest, point, highS, false)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe.each(['native', 'wasm'] as const)('signing with %s', (name) => {
  test('gives low r and low s, deterministically, and verifies', () => {
    selectSecp256k1(name);
    fc.assert(
      fc.property(bytes32, privateKey, (digest, key) => {
        const signature = signDigest(digest, key);
        expect(signature[0]).toBeLessThan(0x80);
        expect(signature[32]).toBeLessThan(0x80);
        expect(toHex(signDigest(digest, key))).toBe(toHex(signature));
        expect(verifyDigest(digest, publicKeyOf(key), signature)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('grinds as Bitcoin Core does: the nonce data is a little-endian counter from one', () => {
    selectSecp256k1(name);
    const each = curve().backend;
    const key = fromHex('00'.repeat(31) + '05');
    let ground = 0;
    for (let i = 0; i < 40; i++) {
      const digest = new Uint8Array(32).fill(i);
      const plain = each.sign(digest, key);
      if ((plain[0] ?? 0) < 0x80) {
        expect(toHex(signDigest(digest, key))).toBe(toHex(plain));
        continue;
      }
      ground++;
      let expected = plain;
      for (let counter = 1; (expected[0] ?? 0) > 0x7f; counter++) {
        expected = each.sign(digest, key, Uint8Array.of(counter, ...new Uint8Array(31)));
      }
      expect(toHex(signDigest(digest, key))).toBe(toHex(expected));
    }
    expect(ground).toBeGreaterThan(5);
  });

  test('refuses what is no digest, no key and no signature by name', () => {
    selectSecp256k1(name);
    const key = fromHex('00'.repeat(31) + '05');
    const digest = new Uint8Array(32);
    const point = publicKeyOf(key);
    expectRefusal('digest_invalid', () => signDigest(new Uint8Array(31), key));
    expectRefusal('private_key_invalid', () => signDigest(digest, new Uint8Array(32)));
    expectRefusal('private_key_invalid', () => publicKeyOf(fromHex(ORDER)));
    expectRefusal('digest_invalid', () => verifyDigest(new Uint8Array(33), point, new Uint8Array(64)));
    expectRefusal('public_key_invalid', () => verifyDigest(digest, point.slice(1), new Uint8Array(64)));
    expectRefusal('signature_malformed', () => verifyDigest(digest, point, new Uint8Array(65)));
  });
});
