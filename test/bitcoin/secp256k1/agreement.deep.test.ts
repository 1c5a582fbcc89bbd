import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { deriveAddress, selectSecp256k1, signDigest, verifyDigest } from '../../../src/bitcoin/index.ts';
import { curve } from '../../../src/bitcoin/secp256k1/active.ts';
import { fixtureWallet } from '../wallet-fixtures.ts';
import { toHex } from '../vectors.ts';

const CASES = 20_000;
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

afterAll(() => {
  selectSecp256k1('auto');
});

/** The same work with both backends, one after the other; the test fails when their answers differ. */
function expectAgreement<Case>(cases: readonly Case[], work: (value: Case) => string): void {
  selectSecp256k1('native');
  const native = cases.map(work);
  selectSecp256k1('wasm');
  expect(cases.map(work)).toEqual(native);
}

test(`both backends sign and verify ${CASES} digests alike`, () => {
  const cases = fc
    .sample(fc.tuple(bytes32, bytes32, bytes32), CASES)
    .filter(([key]) => curve().backend.isPrivate(key));
  expect(cases.length).toBeGreaterThan(CASES / 2);
  expectAgreement(cases, ([key, digest, other]) => {
    const signature = signDigest(digest, key);
    const point = curve().backend.pointFromScalar(key) ?? key;
    const verified = [verifyDigest(digest, point, signature), verifyDigest(other, point, signature)];
    expect(verified).toEqual([true, toHex(other) === toHex(digest)]);
    return `${toHex(point)} ${toHex(signature)}`;
  });
});

test(`both backends derive ${CASES} addresses alike`, () => {
  const { descriptor } = fixtureWallet('deep', 'mainnet');
  const positions = fc.sample(fc.tuple(fc.constantFrom('receive', 'change'), fc.nat(0x7fff_ffff)), CASES);
  expectAgreement(positions, ([branch, index]) => deriveAddress(descriptor, branch, index).address);
});
