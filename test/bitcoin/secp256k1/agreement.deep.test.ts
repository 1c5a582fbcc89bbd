import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { deriveAddress, selectSecp256k1, signDigest, verifyDigest } from '../../../src/bitcoin/index.ts';
import { curve } from '../../../src/bitcoin/secp256k1/active.ts';
import { fixtureWallet } from '../wallet-fixtures.ts';
import { toHex } from '../vectors.ts';

const BACKENDS = ['native', 'wasm'] as const;
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

afterAll(() => {
  selectSecp256k1('auto');
});

/** What both backends say; the test fails when they differ. */
function agreed<Result>(operation: () => Result): Result {
  const [native, wasm] = BACKENDS.map((backend) => {
    selectSecp256k1(backend);
    return operation();
  });
  expect(native).toEqual(wasm);
  return wasm as Result;
}

test('both backends sign and verify 20,000 digests alike', () => {
  const { backend } = curve();
  fc.assert(
    fc.property(bytes32, bytes32, bytes32, (digest, key, other) => {
      fc.pre(backend.isPrivate(key));
      const signature = agreed(() => signDigest(digest, key));
      const point = agreed(() => curve().backend.pointFromScalar(key));
      expect(point).not.toBeNull();
      expect(agreed(() => verifyDigest(digest, point ?? key, signature))).toBe(true);
      expect(agreed(() => verifyDigest(other, point ?? key, signature))).toBe(toHex(other) === toHex(digest));
    }),
    { numRuns: 20_000 },
  );
});

test('both backends derive 20,000 addresses alike', () => {
  const { descriptor } = fixtureWallet('deep', 'mainnet');
  fc.assert(
    fc.property(fc.constantFrom('receive', 'change'), fc.nat(0x7fff_ffff), (branch, index) => {
      agreed(() => deriveAddress(descriptor, branch, index).address);
    }),
    { numRuns: 20_000 },
  );
});
