import { INPUT } from '../psbt/psbt-fields.ts';
import { partialSignatures, sighashTypeOf } from '../psbt/psbt-input.ts';
import { readWitnessStack } from '../psbt/finalize-psbt.ts';
import type { Psbt } from '../psbt/psbt.ts';
import { decodeScriptSignature, verifyDigest } from '../secp256k1/signature.ts';
import { BitcoinError } from '../errors.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { SIGHASH_ALL, type WitnessV0Sighash } from '../transactions/sighash.ts';
import type { OwnedInput } from './ownership.ts';

/** What the signatures of one input are worth, without refusing anything. */
export interface SignatureFindings {
  /** Positions in the descriptor of the keys whose signatures hold. */
  readonly signers: ReadonlySet<number>;
  readonly invalid: number;
  readonly foreign: number;
  readonly otherSighashTypes: number;
}

type Judgement = 'holds' | 'invalid' | 'other_sighash_type';

function judge(signature: Uint8Array, publicKey: Uint8Array, digest: Uint8Array): Judgement {
  try {
    const decoded = decodeScriptSignature(signature);
    if (decoded.sighashType !== SIGHASH_ALL) return 'other_sighash_type';
    return verifyDigest(digest, publicKey, decoded.signature) ? 'holds' : 'invalid';
  } catch (thrown) {
    if (thrown instanceof BitcoinError) return 'invalid';
    throw thrown;
  }
}

/** Signatures of a finalized input have lost their keys: each is tried against all of them. */
function finalSigners(
  stack: readonly Uint8Array[],
  owned: OwnedInput,
  digest: Uint8Array,
): SignatureFindings {
  const signatures = stack.slice(1, -1);
  const found = signatures.map((signature) =>
    owned.address.keys.findIndex(({ publicKey }) => judge(signature, publicKey, digest) === 'holds'),
  );
  return {
    signers: new Set(found.filter((position) => position >= 0)),
    invalid: found.filter((position) => position < 0).length,
    foreign: 0,
    otherSighashTypes: 0,
  };
}

/** Looks at every signature of an input of a known wallet, finalized or not. */
export function findSigners(
  psbt: Psbt,
  index: number,
  owned: OwnedInput,
  sighash: WitnessV0Sighash,
): SignatureFindings {
  const digest = sighash(index, owned.address.witnessScript, owned.spent.value);
  const witness = psbt.inputs[index]?.get(INPUT.finalScriptWitness);
  if (witness !== undefined) return finalSigners(readWitnessStack(witness), owned, digest);
  const signers = new Set<number>();
  let invalid = 0;
  let foreign = 0;
  let otherSighashTypes = (sighashTypeOf(psbt, index) ?? SIGHASH_ALL) === SIGHASH_ALL ? 0 : 1;
  for (const { publicKey, signature } of partialSignatures(psbt, index)) {
    const position = owned.address.keys.findIndex((key) => bytesEqual(key.publicKey, publicKey));
    const judgement = position < 0 ? 'foreign' : judge(signature, publicKey, digest);
    if (judgement === 'holds') signers.add(position);
    else if (judgement === 'foreign') foreign++;
    else if (judgement === 'invalid') invalid++;
    else otherSighashTypes++;
  }
  return { signers, invalid, foreign, otherSighashTypes };
}
