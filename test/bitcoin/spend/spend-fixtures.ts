import { sha256 } from '@noble/hashes/sha2.js';
import { Transaction } from 'bitcoinjs-lib';
import { deriveAddress } from '../../../src/bitcoin/descriptors/derive-address.ts';
import type { WalletDescriptor } from '../../../src/bitcoin/descriptors/wallet-descriptor.ts';
import { BitcoinError } from '../../../src/bitcoin/errors.ts';
import type { RandomSource } from '../../../src/bitcoin/selection/random-source.ts';
import { DEFAULT_SPEND_LIMITS } from '../../../src/bitcoin/spend/spend-limits.ts';
import type { Payment, SpendContext, WalletCoin } from '../../../src/bitcoin/spend/spend.ts';
import { serializeTransaction, transactionId } from '../../../src/bitcoin/transactions/transaction-codec.ts';
import { feeRateFromSatsPerKvb, satoshis } from '../../../src/shared/index.ts';

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  return {
    uint32() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return (mixed ^ (mixed >>> 14)) >>> 0;
    },
  };
}

/** A transaction that pays `values` to the wallet's receive addresses from `firstIndex` on, and its coins. */
export function fundingCoins(
  descriptor: WalletDescriptor,
  values: readonly bigint[],
  firstIndex = 0,
  confirmations = 6,
): WalletCoin[] {
  const funding = new Transaction();
  funding.version = 2;
  // What it spends does not matter here, but makes its txid its own.
  funding.addInput(sha256(new TextEncoder().encode(`funding ${firstIndex} ${values.join()}`)), 0);
  values.forEach((value, i) => {
    funding.addOutput(deriveAddress(descriptor, 'receive', firstIndex + i).scriptPubKey, value);
  });
  const txid = transactionId(funding);
  const previousTransaction = serializeTransaction(funding);
  return values.map((value, i) => ({
    outpoint: `${txid}:${i}`,
    value: satoshis(value),
    confirmations,
    ownChange: false,
    unconfirmedAncestors: confirmations > 0 ? 0 : 1,
    position: { branch: 'receive', index: firstIndex + i },
    previousTransaction,
  }));
}

/** One coin for each value, each from a transaction of its own. */
export function separateCoins(descriptor: WalletDescriptor, values: readonly bigint[]): WalletCoin[] {
  return values.flatMap((value, i) => fundingCoins(descriptor, [value], i));
}

/** A P2WPKH script that is nobody's. */
export function foreignScript(name: string): Uint8Array {
  const script = new Uint8Array(22);
  script.set([0x00, 20]);
  script.set(sha256(new TextEncoder().encode(name)).subarray(0, 20), 2);
  return script;
}

export function payment(name: string, value: bigint): Payment {
  return { scriptPubKey: foreignScript(name), value: satoshis(value) };
}

export const NOW_MS = 1_800_000_000_000;

export function spendContext(wallet: WalletDescriptor, satsPerVbyte = 10n, seed = 1): SpendContext {
  return {
    wallet,
    changeIndex: 7,
    feeRate: feeRateFromSatsPerKvb(satsPerVbyte * 1000n),
    limits: DEFAULT_SPEND_LIMITS,
    tip: { height: 800_000, timeMs: NOW_MS - 600_000 },
    nowMs: NOW_MS,
    random: seededRandom(seed),
  };
}

/** The code of the refusal that `run` ends with; anything else that it throws is a failure of the test. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof BitcoinError) return thrown.code;
    throw thrown;
  }
  return 'accepted';
}
