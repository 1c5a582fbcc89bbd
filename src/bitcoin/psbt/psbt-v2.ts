import { Transaction } from 'bitcoinjs-lib';
import { MAX_MONEY } from '../../shared/index.ts';
import { BitcoinError } from '../errors.ts';
import { ByteReader } from '../transactions/byte-reader.ts';
import { serializeWithoutWitness } from '../transactions/transaction-codec.ts';
import { GLOBAL, INPUT, OUTPUT } from './psbt-fields.ts';
import { malformedPsbt, type PsbtMap } from './psbt-map.ts';
import type { Psbt } from './psbt.ts';

/** A locktime from here on is a time, below it a block height (BIP65). */
const LOCKTIME_THRESHOLD = 500_000_000;
const DEFAULT_SEQUENCE = 0xffffffff;

function invalid(reason: string): never {
  throw new BitcoinError('psbt_field_invalid', `A field of the PSBT is missing or wrong: ${reason}.`, {
    details: { reason },
  });
}

function uint32(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(0, true);
}

function count(global: PsbtMap, type: number, name: string): number {
  const reader = new ByteReader(global.get(type) ?? invalid(`there is no ${name}`), malformedPsbt);
  const value = reader.compactSize();
  return reader.remaining === 0 ? value : invalid(`the ${name} is too long`);
}

/** How many input and output maps follow the global map of a version 2 PSBT. */
export function mapCountsOfVersion2(global: PsbtMap): { inputs: number; outputs: number } {
  return {
    inputs: count(global, GLOBAL.inputCount, 'input count'),
    outputs: count(global, GLOBAL.outputCount, 'output count'),
  };
}

/** The locktime that satisfies every input, heights before times (BIP370, "Determining Lock Time"). */
function locktime(global: PsbtMap, inputs: readonly PsbtMap[]): number {
  const requirements = inputs
    .map((map) => ({
      time: map.get(INPUT.requiredTimeLocktime),
      height: map.get(INPUT.requiredHeightLocktime),
    }))
    .filter(({ time, height }) => time !== undefined || height !== undefined);
  for (const { time, height } of requirements) {
    if (time !== undefined && uint32(time) < LOCKTIME_THRESHOLD) invalid('a required time is a block height');
    if (height === undefined) continue;
    const value = uint32(height);
    if (value === 0 || value >= LOCKTIME_THRESHOLD) invalid('a required height is not a block height');
  }
  if (requirements.length === 0) return uint32(global.get(GLOBAL.fallbackLocktime) ?? new Uint8Array(4));
  const heights = requirements.flatMap(({ height }) => (height === undefined ? [] : [uint32(height)]));
  if (heights.length === requirements.length) return Math.max(...heights);
  const times = requirements.flatMap(({ time }) => (time === undefined ? [] : [uint32(time)]));
  if (times.length === requirements.length) return Math.max(...times);
  return invalid('some inputs require a height, others a time');
}

const GLOBAL_FIELDS_OF_VERSION_2: readonly number[] = [
  GLOBAL.version,
  GLOBAL.transactionVersion,
  GLOBAL.fallbackLocktime,
  GLOBAL.inputCount,
  GLOBAL.outputCount,
  GLOBAL.modifiable,
];
const INPUT_FIELDS_OF_VERSION_2: readonly number[] = [
  INPUT.previousTxid,
  INPUT.outputIndex,
  INPUT.sequence,
  INPUT.requiredTimeLocktime,
  INPUT.requiredHeightLocktime,
];
const OUTPUT_FIELDS_OF_VERSION_2: readonly number[] = [OUTPUT.amount, OUTPUT.script];

function without(map: PsbtMap, types: readonly number[]): PsbtMap {
  return map.filter(({ key }) => !(key.length === 1 && types.includes(key[0] ?? -1)));
}

/**
 * The version 0 PSBT of the same transaction: what a version 2 PSBT says field by field becomes the unsigned
 * transaction, everything else is kept. Source: BIP370. @throws BitcoinError `psbt_field_invalid`.
 */
export function convertVersion2(
  global: PsbtMap,
  inputs: readonly PsbtMap[],
  outputs: readonly PsbtMap[],
): Psbt {
  const transaction = new Transaction();
  const version = global.get(GLOBAL.transactionVersion) ?? invalid('there is no transaction version');
  transaction.version = uint32(version);
  // BIP370 has no use for transactions that cannot carry relative locktimes (BIP68).
  if (transaction.version < 2) invalid('the transaction version is below 2');
  transaction.locktime = locktime(global, inputs);
  for (const map of inputs) {
    const hash = map.get(INPUT.previousTxid) ?? invalid('an input names no transaction');
    const index = uint32(map.get(INPUT.outputIndex) ?? invalid('an input names no output'));
    const sequence = map.get(INPUT.sequence);
    transaction.ins.push({
      hash,
      index,
      script: new Uint8Array(),
      sequence: sequence === undefined ? DEFAULT_SEQUENCE : uint32(sequence),
      witness: [],
    });
  }
  for (const map of outputs) {
    const amount = map.get(OUTPUT.amount) ?? invalid('an output has no amount');
    const value = new DataView(amount.buffer, amount.byteOffset, amount.byteLength).getBigInt64(0, true);
    if (value < 0n || value > MAX_MONEY) invalid('an output is not between 0 and 21 million bitcoin');
    transaction.outs.push({ value, script: map.get(OUTPUT.script) ?? invalid('an output has no script') });
  }
  const global0 = without(global, GLOBAL_FIELDS_OF_VERSION_2);
  global0.setType(GLOBAL.unsignedTransaction, serializeWithoutWitness(transaction));
  return {
    transaction,
    global: global0,
    inputs: inputs.map((map) => without(map, INPUT_FIELDS_OF_VERSION_2)),
    outputs: outputs.map((map) => without(map, OUTPUT_FIELDS_OF_VERSION_2)),
  };
}
