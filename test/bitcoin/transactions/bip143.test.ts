import { describe, expect, test } from 'vitest';
import { selectSecp256k1, verifyDigest } from '../../../src/bitcoin/index.ts';
import { curve } from '../../../src/bitcoin/secp256k1/active.ts';
import { decodeScriptSignature, encodeScriptSignature } from '../../../src/bitcoin/secp256k1/signature.ts';
import { witnessV0Sighashes } from '../../../src/bitcoin/transactions/sighash.ts';
import { parseTransaction } from '../../../src/bitcoin/transactions/transaction-codec.ts';
import { fromHex, readVectors, toHex } from '../vectors.ts';

interface Bip143 {
  readonly name: string;
  readonly transaction: string;
  readonly inputIndex: number;
  /** With its length before it. */
  readonly scriptCode: string;
  readonly amountLittleEndian: string;
  readonly sighash: string;
  readonly publicKey: string;
  readonly privateKey: string | null;
  readonly signature: string;
}

describe.each(['native', 'wasm'] as const)('BIP143 vectors of SIGHASH_ALL with %s', (backend) => {
  test.each(readVectors('bips/bip-0143.json') as readonly Bip143[])('$name', (vector) => {
    selectSecp256k1(backend);
    const transaction = parseTransaction(fromHex(vector.transaction));
    const value = new DataView(fromHex(vector.amountLittleEndian).buffer).getBigInt64(0, true);
    const digest = witnessV0Sighashes(transaction)(
      vector.inputIndex,
      fromHex(vector.scriptCode.slice(2)),
      value,
    );
    expect(toHex(digest)).toBe(vector.sighash);

    const { signature, sighashType } = decodeScriptSignature(fromHex(vector.signature));
    expect(sighashType).toBe(1);
    // The signatures of "No FindAndDelete" were not made with a key and have a high s: policy refuses them.
    expect(verifyDigest(digest, fromHex(vector.publicKey), signature)).toBe(vector.privateKey !== null);
    expect(curve().backend.verify(digest, fromHex(vector.publicKey), signature)).toBe(true);
    if (vector.privateKey !== null) {
      const own = curve().backend.sign(digest, fromHex(vector.privateKey));
      expect(toHex(encodeScriptSignature(own, 1))).toBe(vector.signature);
    }
    selectSecp256k1('auto');
  });
});
