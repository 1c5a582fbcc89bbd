import { describe, expect, test } from 'vitest';
import { provePossession, selectSecp256k1, verifyPossession } from '../../../src/bitcoin/index.ts';
import { expectRefusal } from '../refusals.ts';
import { fixtureKey } from '../wallet-fixtures.ts';

const challenge = new Uint8Array(32).fill(9);
const key = fixtureKey('possession');
const statement = {
  network: 'regtest',
  origin: key.origin,
  xpub: key.xpub,
  role: 'cold',
  challenge,
} as const;
const proof = provePossession(key, 'cold', challenge);

describe('proof of possession', () => {
  test('holds for what was stated, with either backend, and is the same each time', () => {
    for (const backend of ['native', 'wasm'] as const) {
      selectSecp256k1(backend);
      verifyPossession(statement, proof);
      expect(provePossession(fixtureKey('possession'), 'cold', challenge)).toBe(proof);
    }
    selectSecp256k1('auto');
  });

  test.each([
    ['another role', { ...statement, role: 'backup' }],
    ['another challenge', { ...statement, challenge: new Uint8Array(32).fill(8) }],
    ['another key', { ...statement, xpub: fixtureKey('thief').xpub }],
    ['another origin', { ...statement, origin: { ...key.origin, fingerprint: 'deadbeef' } }],
    ['another path', { ...statement, origin: { ...key.origin, path: key.origin.path.slice(1) } }],
    [
      'another network with the same key bytes',
      { ...statement, network: 'signet', xpub: { ...key.xpub, network: 'signet' } } as const,
    ],
  ])('does not hold for %s', (_name, changed) => {
    expectRefusal('possession_proof_invalid', () => verifyPossession(changed, proof));
  });

  test.each([
    ['one digit changed', (proof.startsWith('0') ? '1' : '0') + proof.slice(1)],
    ['nothing', ''],
    ['upper case', proof.toUpperCase()],
    ['a digit too many', `${proof}0`],
    ['zeros', '0'.repeat(128)],
    ['r and s out of range', 'f'.repeat(128)],
  ])('refused: %s', (_name, changed) => {
    expectRefusal('possession_proof_invalid', () => verifyPossession(statement, changed));
  });

  test('a statement must be whole', () => {
    expectRefusal('possession_statement_malformed', () => provePossession(key, '', challenge));
    expectRefusal('possession_statement_malformed', () => provePossession(key, 'Cold', challenge));
    expectRefusal('possession_statement_malformed', () => provePossession(key, 'x'.repeat(33), challenge));
    expectRefusal('possession_statement_malformed', () => provePossession(key, 'cold', new Uint8Array(31)));
    expectRefusal('possession_statement_malformed', () =>
      verifyPossession({ ...statement, network: 'mainnet' }, proof),
    );
  });
});
