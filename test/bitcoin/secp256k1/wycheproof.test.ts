import { sha256 } from '@noble/hashes/sha2.js';
import { afterAll, describe, expect, test } from 'vitest';
import { BitcoinError, selectSecp256k1, verifyDigest } from '../../../src/bitcoin/index.ts';
import { decodeScriptSignature } from '../../../src/bitcoin/secp256k1/signature.ts';
import { fromHex, readVectors } from '../vectors.ts';

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly uncompressed: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly sig: string;
      readonly result: 'valid' | 'invalid';
    }[];
  }[];
}

const { testGroups } = readVectors('wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json') as Wycheproof;

/** As a script would check it: strict DER with a sighash byte, low s. */
function accepts(publicKey: string, message: string, der: string): boolean {
  try {
    const { signature } = decodeScriptSignature(fromHex(`${der}01`));
    return verifyDigest(sha256(fromHex(message)), fromHex(publicKey), signature);
  } catch (error) {
    if (error instanceof BitcoinError && error.code === 'signature_malformed') return false;
    throw error;
  }
}

afterAll(() => {
  selectSecp256k1('auto');
});

describe.each(['native', 'wasm'] as const)('Wycheproof ECDSA (Bitcoin) with %s', (backend) => {
  test('every case has its published result', () => {
    selectSecp256k1(backend);
    const wrong: string[] = [];
    let cases = 0;
    for (const { publicKey, tests } of testGroups) {
      for (const { tcId, comment, msg, sig, result } of tests) {
        cases++;
        if (accepts(publicKey.uncompressed, msg, sig) !== (result === 'valid')) {
          wrong.push(`${tcId} ${comment}: ${result}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(cases).toBe(463);
  });
});
