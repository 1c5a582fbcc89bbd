import { hexToBytes } from '@noble/hashes/utils.js';
import { Transaction } from 'bitcoinjs-lib';
import type { DerivedAddress, WalletPosition } from '../descriptors/derive-address.ts';
import { extendedPublicKeyPayload } from '../keys/extended-public-key.ts';
import type { WalletDescriptor } from '../descriptors/wallet-descriptor.ts';
import { BitcoinError } from '../errors.ts';
import { GLOBAL, INPUT, OUTPUT } from '../psbt/psbt-fields.ts';
import { PsbtMap, psbtKey } from '../psbt/psbt-map.ts';
import type { Psbt } from '../psbt/psbt.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { ByteWriter } from '../transactions/byte-writer.ts';
import { SIGHASH_ALL } from '../transactions/sighash.ts';
import {
  hashToTxid,
  parseTransaction,
  serializeWithoutWitness,
  transactionHash,
} from '../transactions/transaction-codec.ts';
import { addressAt } from './derived-addresses.ts';
import type { WalletCoin } from './spend.ts';
import { REPLACEABLE_SEQUENCE, TRANSACTION_VERSION } from './spend-limits.ts';

/** An output to compose; `position` marks change, so that signers can recognise it. */
export interface PlannedOutput {
  readonly scriptPubKey: Uint8Array;
  readonly value: bigint;
  readonly position?: WalletPosition;
}

interface PreviousTransaction {
  readonly hash: Uint8Array;
  readonly outputs: Transaction['outs'];
  /** Without witnesses, which a txid does not cover: less to carry to offline signers. */
  readonly bytes: Uint8Array;
}

function readPrevious(coin: WalletCoin, txid: string): PreviousTransaction {
  if (coin.previousTransaction.length === 0) {
    throw new BitcoinError('previous_transaction_missing', 'The transaction that made a coin is missing.', {
      details: { outpoint: coin.outpoint },
    });
  }
  const previous = parseTransaction(coin.previousTransaction);
  const hash = transactionHash(previous);
  if (hashToTxid(hash) !== txid) {
    throw new BitcoinError(
      'psbt_previous_transaction_mismatch',
      'The previous transaction given with a coin is another one.',
      { details: { outpoint: coin.outpoint } },
    );
  }
  return { hash, outputs: previous.outs, bytes: serializeWithoutWitness(previous) };
}

/** Reads each previous transaction once, however many of its outputs are spent. */
class PreviousTransactions {
  readonly #read = new Map<string, PreviousTransaction>();

  of(coin: WalletCoin, txid: string): PreviousTransaction {
    let previous = this.#read.get(txid);
    if (previous === undefined) {
      previous = readPrevious(coin, txid);
      this.#read.set(txid, previous);
    }
    return previous;
  }
}

function uint32(value: number): Uint8Array {
  return new ByteWriter(4).uint32(value).finish();
}

function keyPath(fingerprint: string, path: readonly number[]): Uint8Array {
  const writer = new ByteWriter(4 + 4 * path.length).bytes(hexToBytes(fingerprint));
  for (const step of path) writer.uint32(step);
  return writer.finish();
}

function addDerivations(map: PsbtMap, type: number, address: DerivedAddress): void {
  for (const { publicKey, masterFingerprint, path } of address.keys) {
    map.set(psbtKey(type, publicKey), keyPath(masterFingerprint, path));
  }
}

interface ComposedInput {
  readonly transactionInput: Transaction['ins'][number];
  readonly map: PsbtMap;
}

function composeInput(
  wallet: WalletDescriptor,
  coin: WalletCoin,
  previousTransactions: PreviousTransactions,
): ComposedInput {
  const [txid = '', vout = ''] = coin.outpoint.split(':');
  const previous = previousTransactions.of(coin, txid);
  const output = previous.outputs[Number(vout)];
  const address = addressAt(wallet, coin.position);
  if (output === undefined || !bytesEqual(output.script, address.scriptPubKey)) {
    throw new BitcoinError('input_foreign', 'A coin does not belong to this wallet.', {
      details: { outpoint: coin.outpoint },
    });
  }
  if (output.value !== coin.value) {
    throw new BitcoinError('input_value_differs', 'A coin is not worth what was said.', {
      details: {
        outpoint: coin.outpoint,
        claimedSats: coin.value.toString(),
        actualSats: output.value.toString(),
      },
    });
  }
  const map = new PsbtMap();
  map.setType(INPUT.nonWitnessUtxo, previous.bytes);
  map.setType(INPUT.witnessUtxo, new ByteWriter(43).int64(output.value).prefixed(output.script).finish());
  map.setType(INPUT.sighashType, uint32(SIGHASH_ALL));
  map.setType(INPUT.witnessScript, address.witnessScript.slice());
  addDerivations(map, INPUT.derivation, address);
  return {
    map,
    transactionInput: {
      hash: previous.hash,
      index: Number(vout),
      script: new Uint8Array(),
      sequence: REPLACEABLE_SEQUENCE,
      witness: [],
    },
  };
}

function composeOutput(wallet: WalletDescriptor, { position }: PlannedOutput): PsbtMap {
  const map = new PsbtMap();
  if (position === undefined) return map;
  const address = addressAt(wallet, position);
  map.setType(OUTPUT.witnessScript, address.witnessScript.slice());
  addDerivations(map, OUTPUT.derivation, address);
  return map;
}

function globalMap(wallet: WalletDescriptor, transaction: Transaction): PsbtMap {
  const map = new PsbtMap();
  map.setType(GLOBAL.unsignedTransaction, serializeWithoutWitness(transaction));
  for (const { xpub, origin } of wallet.keys) {
    map.set(psbtKey(GLOBAL.xpub, extendedPublicKeyPayload(xpub)), keyPath(origin.fingerprint, origin.path));
  }
  return map;
}

/**
 * The PSBT that spends `coins` of `wallet` into `outputs`, in the given order, with all that foreign signers
 * ask for: both kinds of UTXO, witness scripts, key origins of inputs and change, the wallet's extended keys.
 * Every coin is checked against the transaction that made it and against the descriptor.
 * @throws BitcoinError `previous_transaction_missing`, `psbt_previous_transaction_mismatch`, `input_foreign`,
 * `input_value_differs`, `transaction_malformed`.
 */
export function composePsbt(
  wallet: WalletDescriptor,
  coins: readonly WalletCoin[],
  outputs: readonly PlannedOutput[],
  locktime: number,
): Psbt {
  const previousTransactions = new PreviousTransactions();
  const inputs = coins.map((coin) => composeInput(wallet, coin, previousTransactions));
  const transaction = new Transaction();
  transaction.version = TRANSACTION_VERSION;
  transaction.locktime = locktime;
  transaction.ins = inputs.map(({ transactionInput }) => transactionInput);
  transaction.outs = outputs.map(({ scriptPubKey, value }) => ({ script: scriptPubKey, value }));
  return {
    transaction,
    global: globalMap(wallet, transaction),
    inputs: inputs.map(({ map }) => map),
    outputs: outputs.map((output) => composeOutput(wallet, output)),
  };
}
