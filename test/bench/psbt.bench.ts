// Build + sign + finalize of one transaction with many 2-of-3 inputs, against bitcoinjs-lib's own `Psbt` with the
// same keys, the same secp256k1 backend and the same previous transactions. Both make the same bytes.
import { sha256 } from '@noble/hashes/sha2.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { networks, Psbt as BitcoinjsPsbt } from 'bitcoinjs-lib';
import { deriveAddress } from '../../src/bitcoin/descriptors/derive-address.ts';
import {
  combinePsbts,
  completeSpend,
  extractTransaction,
  finalizePsbt,
  serializeTransaction,
  signPsbt,
  walletDescriptor,
  type Payment,
  type WalletCoin,
  type WalletDescriptor,
} from '../../src/bitcoin/index.ts';
import { curve } from '../../src/bitcoin/secp256k1/active.ts';
import { composePsbt } from '../../src/bitcoin/spend/compose-psbt.ts';
import { bytesEqual } from '../../src/bitcoin/transactions/byte-order.ts';
import { satoshis } from '../../src/shared/index.ts';
import { foreignScript, separateCoins, spendContext } from '../bitcoin/spend/spend-fixtures.ts';
import { fixtureWallet } from '../bitcoin/wallet-fixtures.ts';
import type { Comparison } from './paired.ts';
import type { Bench } from './run.ts';

const NAME = 'bench';
const { descriptor, keys } = fixtureWallet(NAME);
const COIN = 100_000n;
const FEE_PER_INPUT = 2_000n;
const LOCKTIME = 800_000;

/** The account nodes behind the fixture's keys, as the baseline wants them. */
const accounts = [0, 1].map((key) =>
  curve()
    .bip32.fromSeed(sha256(new TextEncoder().encode(`fixture key ${NAME} ${key}`)), networks.regtest)
    .derivePath("m/48'/1'/0'/2'"),
);

function paymentOf(coins: readonly WalletCoin[]): Payment {
  return {
    scriptPubKey: foreignScript('payee'),
    value: satoshis(BigInt(coins.length) * (COIN - FEE_PER_INPUT)),
  };
}

function baseline(coins: readonly WalletCoin[]): Uint8Array {
  const psbt = new BitcoinjsPsbt({ network: networks.regtest, maximumFeeRate: 1_000_000 });
  psbt.setVersion(2);
  psbt.setLocktime(LOCKTIME);
  for (const { outpoint, previousTransaction, value, position } of coins) {
    const [txid = '', vout = ''] = outpoint.split(':');
    const address = deriveAddress(descriptor, position.branch, position.index);
    psbt.addInput({
      hash: txid,
      index: Number(vout),
      sequence: 0xfffffffd,
      nonWitnessUtxo: previousTransaction,
      witnessUtxo: { script: address.scriptPubKey, value },
      witnessScript: address.witnessScript,
      sighashType: 1,
      bip32Derivation: address.keys.map(({ publicKey, masterFingerprint }) => ({
        pubkey: publicKey,
        masterFingerprint: hexToBytes(masterFingerprint),
        path: `m/48'/1'/0'/2'/0/${position.index}`,
      })),
    });
  }
  const { scriptPubKey, value } = paymentOf(coins);
  psbt.addOutput({ script: scriptPubKey, value });
  for (const account of accounts) {
    const branch = account.derive(0);
    coins.forEach(({ position }, input) => {
      const key = branch.derive(position.index);
      key.lowR = true;
      psbt.signInput(input, key);
    });
  }
  psbt.finalizeAllInputs();
  return psbt.extractTransaction().toBuffer();
}

/** A fresh object, so that nothing derived in an earlier round is found again. */
function freshWallet(): WalletDescriptor {
  return walletDescriptor(descriptor);
}

function ours(coins: readonly WalletCoin[]): Uint8Array {
  const wallet = freshWallet();
  const psbt = composePsbt(wallet, coins, [paymentOf(coins)], LOCKTIME);
  const signed = [0, 1].map((key) => signPsbt(psbt, keys[key]!, wallet));
  return serializeTransaction(extractTransaction(finalizePsbt(combinePsbts(psbt, ...signed))));
}

/** The same and every check before broadcast: ownership, fee, signatures, the second library. */
function oursChecked(coins: readonly WalletCoin[]): Uint8Array {
  const wallet = freshWallet();
  const payments = [paymentOf(coins)];
  const psbt = composePsbt(wallet, coins, payments, LOCKTIME);
  const signed = [0, 1].map((key) => signPsbt(psbt, keys[key]!, wallet));
  const { limits } = spendContext(wallet);
  return completeSpend(combinePsbts(psbt, ...signed), { wallet, payments, limits }).bytes;
}

/** The unmeasured first round needs no more than this to warm the engine up. */
const WARM_UP_INPUTS = 100;

function contender(name: string, build: (coins: readonly WalletCoin[]) => Uint8Array, inputs: number) {
  const coins = coinsOf(inputs);
  const outcome: { warm: boolean; bytes?: Uint8Array } = { warm: false };
  const run = (): number => {
    if (outcome.warm) outcome.bytes = build(coins);
    else build(coins.slice(0, WARM_UP_INPUTS));
    outcome.warm = true;
    return inputs;
  };
  return { name, run, outcome };
}

function coinsOf(inputs: number): WalletCoin[] {
  return separateCoins(descriptor, new Array<bigint>(inputs).fill(COIN));
}

function comparison(inputs: number, rounds: number, checked: boolean): Comparison {
  const theirs = contender("bitcoinjs-lib's Psbt", baseline, inputs);
  const own = contender('ours', checked ? oursChecked : ours, inputs);
  const same = (): number => {
    const done = own.run();
    const { bytes } = own.outcome;
    if (bytes && theirs.outcome.bytes && !bytesEqual(bytes, theirs.outcome.bytes)) {
      throw new Error('the two sides made different transactions');
    }
    return done;
  };
  return {
    name: `build + sign + finalize, ${inputs} inputs${checked ? ', with every check before broadcast' : ''}`,
    unit: 'inputs',
    rounds,
    baseline: theirs,
    ours: { name: own.name, run: same },
  };
}

export default function bench(): Bench {
  return {
    comparisons: [
      comparison(100, 5, false),
      comparison(500, 3, false),
      comparison(500, 1, true),
      // The baseline needs minutes for this one.
      comparison(2_000, 1, false),
    ],
  };
}
