import { script } from 'bitcoinjs-lib';
import { BitcoinError } from '../errors.ts';
import { ByteReader } from '../transactions/byte-reader.ts';
import type { PsbtMap } from './psbt-map.ts';

/** Key types of BIP174, BIP370 and BIP371 that this library reads. Others are carried along untouched. */
export const GLOBAL = {
  unsignedTransaction: 0x00,
  xpub: 0x01,
  transactionVersion: 0x02,
  fallbackLocktime: 0x03,
  inputCount: 0x04,
  outputCount: 0x05,
  modifiable: 0x06,
  version: 0xfb,
} as const;

export const INPUT = {
  nonWitnessUtxo: 0x00,
  witnessUtxo: 0x01,
  partialSignature: 0x02,
  sighashType: 0x03,
  redeemScript: 0x04,
  witnessScript: 0x05,
  derivation: 0x06,
  finalScriptSig: 0x07,
  finalScriptWitness: 0x08,
  porCommitment: 0x09,
  ripemd160: 0x0a,
  sha256: 0x0b,
  hash160: 0x0c,
  hash256: 0x0d,
  previousTxid: 0x0e,
  outputIndex: 0x0f,
  sequence: 0x10,
  requiredTimeLocktime: 0x11,
  requiredHeightLocktime: 0x12,
  tapKeySignature: 0x13,
  tapScriptSignature: 0x14,
  tapLeafScript: 0x15,
  tapDerivation: 0x16,
  tapInternalKey: 0x17,
  tapMerkleRoot: 0x18,
} as const;

export const OUTPUT = {
  redeemScript: 0x00,
  witnessScript: 0x01,
  derivation: 0x02,
  amount: 0x03,
  script: 0x04,
  tapInternalKey: 0x05,
  tapTree: 0x06,
  tapDerivation: 0x07,
} as const;

type LengthRule = (length: number) => boolean;
interface FieldRule {
  readonly key: LengthRule;
  readonly value: (value: Uint8Array) => boolean;
  /** The one PSBT version in which the field may stand; any version when absent. */
  readonly version?: 0 | 2;
}
type FieldRules = ReadonlyMap<number, FieldRule>;

const none: LengthRule = (length) => length === 0;
const exactly =
  (...lengths: readonly number[]): LengthRule =>
  (length) =>
    lengths.includes(length);
const bytes =
  (...lengths: readonly number[]) =>
  (value: Uint8Array): boolean =>
    lengths.includes(value.length);
const anything = (): boolean => true;

/** Compressed, or uncompressed as legacy scripts have it. */
const publicKey = exactly(33, 65);
/** Four bytes of fingerprint, then four for each step of the path. */
const path = (value: Uint8Array): boolean => value.length >= 4 && value.length % 4 === 0;

/** The number of leaf hashes, the hashes, then fingerprint and path (BIP371). */
function tapDerivation(value: Uint8Array): boolean {
  const hashes = value[0] ?? 0xfd;
  return hashes < 0xfd && value.length >= 1 + 32 * hashes && path(value.subarray(1 + 32 * hashes));
}

/** A stack that ends where the value ends. */
function witnessStack(value: Uint8Array): boolean {
  const reader = new ByteReader(value, () => {
    throw new BitcoinError('psbt_field_invalid', 'A final witness in the PSBT is cut off.');
  });
  for (let items = reader.compactSize(); items > 0; items--) reader.prefixed();
  return reader.remaining === 0;
}

/** Value, then a script that ends where the value ends. */
function transactionOutput(value: Uint8Array): boolean {
  if (value.length < 9) return false;
  const reader = new ByteReader(value.subarray(8), () => {
    throw new BitcoinError('psbt_field_invalid', 'A witness UTXO in the PSBT is cut off.');
  });
  reader.prefixed();
  return reader.remaining === 0;
}

const GLOBAL_RULES: FieldRules = new Map<number, FieldRule>([
  [GLOBAL.unsignedTransaction, { key: none, value: anything, version: 0 }],
  [GLOBAL.xpub, { key: exactly(78), value: path }],
  [GLOBAL.transactionVersion, { key: none, value: bytes(4), version: 2 }],
  [GLOBAL.fallbackLocktime, { key: none, value: bytes(4), version: 2 }],
  [GLOBAL.inputCount, { key: none, value: bytes(1, 3, 5), version: 2 }],
  [GLOBAL.outputCount, { key: none, value: bytes(1, 3, 5), version: 2 }],
  [GLOBAL.modifiable, { key: none, value: bytes(1), version: 2 }],
  [GLOBAL.version, { key: none, value: bytes(4) }],
]);

const INPUT_RULES: FieldRules = new Map<number, FieldRule>([
  [INPUT.nonWitnessUtxo, { key: none, value: anything }],
  [INPUT.witnessUtxo, { key: none, value: transactionOutput }],
  [INPUT.partialSignature, { key: publicKey, value: script.isCanonicalScriptSignature }],
  [INPUT.sighashType, { key: none, value: bytes(4) }],
  [INPUT.redeemScript, { key: none, value: anything }],
  [INPUT.witnessScript, { key: none, value: anything }],
  [INPUT.derivation, { key: publicKey, value: path }],
  [INPUT.finalScriptSig, { key: none, value: anything }],
  [INPUT.finalScriptWitness, { key: none, value: witnessStack }],
  [INPUT.porCommitment, { key: none, value: anything }],
  [INPUT.ripemd160, { key: exactly(20), value: anything }],
  [INPUT.sha256, { key: exactly(32), value: anything }],
  [INPUT.hash160, { key: exactly(20), value: anything }],
  [INPUT.hash256, { key: exactly(32), value: anything }],
  [INPUT.previousTxid, { key: none, value: bytes(32), version: 2 }],
  [INPUT.outputIndex, { key: none, value: bytes(4), version: 2 }],
  [INPUT.sequence, { key: none, value: bytes(4), version: 2 }],
  [INPUT.requiredTimeLocktime, { key: none, value: bytes(4), version: 2 }],
  [INPUT.requiredHeightLocktime, { key: none, value: bytes(4), version: 2 }],
  [INPUT.tapKeySignature, { key: none, value: bytes(64, 65) }],
  [INPUT.tapScriptSignature, { key: exactly(64), value: bytes(64, 65) }],
  [INPUT.tapLeafScript, { key: (length) => length >= 33 && length % 32 === 1, value: (v) => v.length > 0 }],
  [INPUT.tapDerivation, { key: exactly(32), value: tapDerivation }],
  [INPUT.tapInternalKey, { key: none, value: bytes(32) }],
  [INPUT.tapMerkleRoot, { key: none, value: bytes(32) }],
]);

const OUTPUT_RULES: FieldRules = new Map<number, FieldRule>([
  [OUTPUT.redeemScript, { key: none, value: anything }],
  [OUTPUT.witnessScript, { key: none, value: anything }],
  [OUTPUT.derivation, { key: publicKey, value: path }],
  [OUTPUT.amount, { key: none, value: bytes(8), version: 2 }],
  [OUTPUT.script, { key: none, value: anything, version: 2 }],
  [OUTPUT.tapInternalKey, { key: none, value: bytes(32) }],
  [OUTPUT.tapTree, { key: none, value: anything }],
  [OUTPUT.tapDerivation, { key: exactly(32), value: tapDerivation }],
]);

export const RULES = { global: GLOBAL_RULES, input: INPUT_RULES, output: OUTPUT_RULES } as const;

/**
 * Checks the lengths and forms of every known entry of a map. @throws BitcoinError `psbt_field_invalid` for a
 * known field of the wrong form, or one that its PSBT version does not have.
 */
export function checkFields(map: PsbtMap, kind: keyof typeof RULES, version: 0 | 2): void {
  for (const { key, value } of map.entries) {
    const type = key[0] ?? 0;
    const rule = RULES[kind].get(type);
    if (rule === undefined) continue;
    const allowed = rule.version === undefined || rule.version === version;
    if (allowed && rule.key(key.length - 1) && rule.value(value)) continue;
    throw new BitcoinError(
      'psbt_field_invalid',
      'A field of the PSBT is not in the form that its type has.',
      {
        details: { map: kind, type, keyLength: key.length, valueLength: value.length },
      },
    );
  }
}
