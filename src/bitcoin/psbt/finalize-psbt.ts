import { bytesToHex } from '@noble/hashes/utils.js';
import { Transaction } from 'bitcoinjs-lib';
import { BitcoinError } from '../errors.ts';
import { ByteReader } from '../transactions/byte-reader.ts';
import { ByteWriter } from '../transactions/byte-writer.ts';
import {
  parseMultisigScript,
  paysToScriptHash,
  paysToWitnessScript,
} from '../transactions/multisig-script.ts';
import { INPUT } from './psbt-fields.ts';
import { partialSignatures, spentOutput } from './psbt-input.ts';
import { malformedPsbt, type PsbtMap } from './psbt-map.ts';
import type { Psbt } from './psbt.ts';

const OP_0 = 0x00;
const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA2 = 0x4d;

/** Everything that a finalizer clears: known fields apart from UTXOs and final scripts (BIP174). */
const CLEARED: readonly number[] = [
  INPUT.partialSignature,
  INPUT.sighashType,
  INPUT.redeemScript,
  INPUT.witnessScript,
  INPUT.derivation,
];

function notComplete(index: number, reason: string): never {
  throw new BitcoinError('psbt_input_not_complete', `An input cannot be finalized: ${reason}.`, {
    details: { input: index, reason },
  });
}

function scriptMismatch(index: number): never {
  throw new BitcoinError(
    'psbt_script_mismatch',
    'A script in the PSBT is not the one that its coin pays to.',
    {
      details: { input: index },
    },
  );
}

/** The signatures of a multisig script in the order of its keys, no more than it asks for. */
function signaturesFor(psbt: Psbt, index: number, script: Uint8Array): Uint8Array[] {
  const multisig = parseMultisigScript(script);
  if (multisig === undefined) notComplete(index, 'its script is not multisig');
  const byKey = new Map<string, Uint8Array>();
  for (const { publicKey, signature } of partialSignatures(psbt, index)) {
    byKey.set(bytesToHex(publicKey), signature);
  }
  const signatures = multisig.publicKeys.flatMap((key) => byKey.get(bytesToHex(key)) ?? []);
  if (signatures.length < multisig.threshold) notComplete(index, 'signatures are missing');
  return signatures.slice(0, multisig.threshold);
}

function pushAll(items: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  for (const item of items) {
    if (item.length === 0) writer.uint8(OP_0);
    else if (item.length < OP_PUSHDATA1) writer.uint8(item.length).bytes(item);
    else if (item.length < 0x100) writer.uint8(OP_PUSHDATA1).uint8(item.length).bytes(item);
    else
      writer
        .uint8(OP_PUSHDATA2)
        .uint8(item.length & 0xff)
        .uint8(item.length >> 8)
        .bytes(item);
  }
  return writer.finish();
}

function stack(items: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter().compactSize(items.length);
  for (const item of items) writer.prefixed(item);
  return writer.finish();
}

/** The extra item at the bottom is one that OP_CHECKMULTISIG takes by mistake; it must be empty (BIP147). */
const DUMMY = new Uint8Array();

interface FinalScripts {
  readonly scriptSig?: Uint8Array;
  readonly witness?: Uint8Array;
}

function finalScripts(psbt: Psbt, index: number, map: PsbtMap): FinalScripts {
  const spent = spentOutput(psbt, index);
  if (spent === undefined) notComplete(index, 'what it spends is not known');
  const redeemScript = map.get(INPUT.redeemScript);
  if (redeemScript !== undefined && !paysToScriptHash(spent.script, redeemScript)) scriptMismatch(index);
  const program = redeemScript ?? spent.script;
  const witnessScript = map.get(INPUT.witnessScript);
  if (witnessScript === undefined) {
    const signatures = signaturesFor(psbt, index, program);
    return { scriptSig: pushAll([DUMMY, ...signatures, ...(redeemScript ? [redeemScript] : [])]) };
  }
  if (!paysToWitnessScript(program, witnessScript)) scriptMismatch(index);
  const witness = stack([DUMMY, ...signaturesFor(psbt, index, witnessScript), witnessScript]);
  return redeemScript === undefined ? { witness } : { witness, scriptSig: pushAll([redeemScript]) };
}

function isFinal(map: PsbtMap): boolean {
  return map.get(INPUT.finalScriptSig) !== undefined || map.get(INPUT.finalScriptWitness) !== undefined;
}

/**
 * Turns the signatures of every input into its final scripts: multisig in P2WSH, P2SH-P2WSH and P2SH. It looks
 * at the presence of signatures, not at their truth: `verifySignatures` does that before. Inputs that are final
 * already stay as they are. @throws BitcoinError `psbt_input_not_complete`, `psbt_script_mismatch`.
 */
export function finalizePsbt(psbt: Psbt): Psbt {
  const inputs = psbt.inputs.map((map, index) => {
    if (isFinal(map)) return map;
    const { scriptSig, witness } = finalScripts(psbt, index, map);
    const final = map.filter(({ key }) => !CLEARED.includes(key[0] ?? -1));
    if (scriptSig !== undefined) final.setType(INPUT.finalScriptSig, scriptSig);
    if (witness !== undefined) final.setType(INPUT.finalScriptWitness, witness);
    return final;
  });
  return { ...psbt, inputs };
}

/** The items of a serialised witness. */
export function readWitnessStack(bytes: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(bytes, malformedPsbt);
  return Array.from({ length: reader.compactSize() }, () => reader.prefixed());
}

/** The network transaction of a PSBT whose inputs are all final. @throws BitcoinError `psbt_not_final`. */
export function extractTransaction(psbt: Psbt): Transaction {
  const transaction = new Transaction();
  transaction.version = psbt.transaction.version;
  transaction.locktime = psbt.transaction.locktime;
  transaction.outs = psbt.transaction.outs.map((output) => ({ ...output }));
  transaction.ins = psbt.transaction.ins.map((input, index) => {
    const map = psbt.inputs[index];
    if (map === undefined || !isFinal(map)) {
      throw new BitcoinError('psbt_not_final', 'The PSBT is not finalized.', { details: { input: index } });
    }
    const witness = map.get(INPUT.finalScriptWitness);
    return {
      ...input,
      script: map.get(INPUT.finalScriptSig) ?? new Uint8Array(),
      witness: witness === undefined ? [] : readWitnessStack(witness),
    };
  });
  return transaction;
}
