import { hexToBytes } from '@noble/hashes/utils.js';
import { Transaction } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SIGHASH_ALL, witnessV0Sighashes } from '../../../src/bitcoin/transactions/sighash.ts';
import {
  parseTransaction,
  serializeTransaction,
  serializeWithoutWitness,
  transactionId,
} from '../../../src/bitcoin/transactions/transaction-codec.ts';
import { refusal } from '../spend/spend-fixtures.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const value = fc.bigInt({ min: 0n, max: 2_100_000_000_000_000n });
const anyTransaction = fc
  .record({
    version: uint32,
    locktime: uint32,
    inputs: fc.array(
      fc.record({
        hash: bytes32,
        index: uint32,
        sequence: uint32,
        script: fc.uint8Array({ maxLength: 300 }),
        witness: fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    outputs: fc.array(fc.record({ value, script: fc.uint8Array({ maxLength: 300 }) }), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map(({ version, locktime, inputs, outputs }) => {
    const transaction = new Transaction();
    transaction.version = version;
    transaction.locktime = locktime;
    transaction.ins = inputs;
    transaction.outs = outputs;
    return transaction;
  });

describe('signature hashes over one midstate', () => {
  it('are those of bitcoinjs-lib for any transaction', () => {
    fc.assert(
      fc.property(anyTransaction, fc.uint8Array({ maxLength: 300 }), value, (transaction, script, amount) => {
        const sighash = witnessV0Sighashes(transaction);
        transaction.ins.forEach((_, index) => {
          expect(sighash(index, script, amount)).toEqual(
            transaction.hashForWitnessV0(index, script, amount, SIGHASH_ALL),
          );
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('the transaction codec', () => {
  it('agrees with bitcoinjs-lib on bytes and txid', () => {
    fc.assert(
      fc.property(anyTransaction, (transaction) => {
        const bytes = serializeTransaction(transaction);
        const parsed = parseTransaction(bytes);
        expect(serializeTransaction(parsed)).toEqual(bytes);
        expect(transactionId(parsed)).toBe(transaction.getId());
        transaction.stripWitnesses();
        expect(serializeWithoutWitness(parsed)).toEqual(transaction.toBuffer());
      }),
      { numRuns: 60 },
    );
  });

  it('refuses what is cut off, too long, or not in the one form', () => {
    const [transaction] = fc.sample(anyTransaction, { numRuns: 1, seed: 7 });
    const bytes = serializeTransaction(transaction!);
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(() => parseTransaction(bytes.subarray(0, length)))).toBe('transaction_malformed');
    }
    expect(refusal(() => parseTransaction(Uint8Array.of(...bytes, 0)))).toBe('transaction_malformed');
    expect(refusal(() => parseTransaction(new Uint8Array(4_000_001)))).toBe('transaction_malformed');
    // Announces witnesses and has none: nodes call it superfluous.
    const empty = hexToBytes(`0200000000010100${'00'.repeat(35)}0000000000000000ffffffff0000000000`);
    expect(refusal(() => parseTransaction(empty))).toBe('transaction_malformed');
  });

  it('refuses output values that cannot exist', () => {
    for (const amount of [-1n, 2_100_000_000_000_001n]) {
      const transaction = new Transaction();
      transaction.addInput(new Uint8Array(32).fill(1), 0);
      transaction.outs.push({ script: new Uint8Array(), value: amount });
      expect(refusal(() => parseTransaction(serializeWithoutWitness(transaction)))).toBe(
        'transaction_malformed',
      );
    }
  });
});
