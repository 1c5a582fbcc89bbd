import { expect, test } from 'vitest';
import { parseTransaction, transactionId } from '../../../src/bitcoin/index.ts';
import { outpointOf } from '../../../src/bitcoin/transactions/transaction-codec.ts';
import { readVectors } from '../vectors.ts';

test('naming the coins of a transaction read from a Buffer leaves the transaction as it was', () => {
  const vectors = readVectors('bips/bip-0143.json') as readonly { readonly transaction: string }[];
  for (const { transaction: hex } of vectors) {
    // Fields are views of the bytes, so `slice` of one would not copy here.
    const transaction = parseTransaction(Buffer.from(hex, 'hex'));
    const id = transactionId(transaction);
    const names = transaction.ins.map(outpointOf);
    expect(transaction.ins.map(outpointOf)).toEqual(names);
    expect(transactionId(transaction)).toBe(id);
  }
});
