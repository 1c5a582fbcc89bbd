import { crypto, type Transaction } from 'bitcoinjs-lib';
import { parseAddress, type Address } from '../addresses/address.ts';
import { concatBytes } from '../bytes.ts';
import { BitcoinError } from '../errors.ts';
import type { NetworkName } from '../network.ts';
import { decodeScriptSignature, isCompressedPublicKey, verifyDigest } from '../secp256k1/signature.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { parseMultisigScript, paysToWitnessScript } from '../transactions/multisig-script.ts';
import { SIGHASH_ALL, witnessV0Sighashes } from '../transactions/sighash.ts';
import { parseMessageSignature } from './message-signature.ts';
import { isToSign, toSign } from './message-transactions.ts';

/** What a verified signature says (BIP322: "valid at time T and age S"). */
export interface VerifiedMessage {
  readonly address: Address;
  /** nLockTime and nSequence of the proof; zero unless the signer used the full form with time locks. */
  readonly lockTime: number;
  readonly sequence: number;
}

function invalid(reason: string): BitcoinError {
  return new BitcoinError(
    'message_signature_invalid',
    `The signature does not prove the message: ${reason}.`,
    {
      details: { reason },
    },
  );
}

/** Required rules of BIP322: strict DER, low s, SIGHASH_ALL. */
function signatureMatches(digest: Uint8Array, publicKey: Uint8Array, bytes: Uint8Array): boolean {
  const { signature, sighashType } = decodeScriptSignature(bytes);
  if (sighashType !== SIGHASH_ALL) throw invalid('it does not sign everything');
  return verifyDigest(digest, publicKey, signature);
}

function checkKeyHash(proof: Transaction, scriptPubKey: Uint8Array, witness: readonly Uint8Array[]): void {
  const [signature, publicKey] = witness;
  if (witness.length !== 2 || signature === undefined || publicKey === undefined) {
    throw invalid('the witness is not a signature and a key');
  }
  const hash = scriptPubKey.subarray(2);
  if (!isCompressedPublicKey(publicKey) || !bytesEqual(crypto.hash160(publicKey), hash)) {
    throw invalid('the key is not that of the address');
  }
  const scriptCode = concatBytes(Uint8Array.of(0x76, 0xa9, 20), hash, Uint8Array.of(0x88, 0xac));
  const digest = witnessV0Sighashes(proof)(0, scriptCode, 0n);
  if (!signatureMatches(digest, publicKey, signature)) throw invalid('the key did not sign it');
}

function checkMultisig(proof: Transaction, scriptPubKey: Uint8Array, witness: readonly Uint8Array[]): void {
  const script = witness.at(-1);
  if (script === undefined || !paysToWitnessScript(scriptPubKey, script)) {
    throw invalid('the witness script is not that of the address');
  }
  const multisig = parseMultisigScript(script);
  if (!multisig?.publicKeys.every(isCompressedPublicKey)) {
    throw new BitcoinError('message_script_unsupported', 'Only multisig witness scripts are understood.');
  }
  const [dummy, ...signatures] = witness.slice(0, -1);
  if (dummy?.length !== 0 || signatures.length !== multisig.threshold) {
    throw invalid('the number of signatures is wrong');
  }
  const digest = witnessV0Sighashes(proof)(0, script, 0n);
  // As OP_CHECKMULTISIG does: signatures stand in the order of their keys.
  const keys = multisig.publicKeys.values();
  for (const signature of signatures) {
    let matched = false;
    while (!matched) {
      const next = keys.next();
      if (next.done === true) throw invalid('a signature is of none of the keys');
      matched = signatureMatches(digest, next.value, signature);
    }
  }
}

function requireSegwitVersion0(address: Address): void {
  if (address.type !== 'p2wpkh' && address.type !== 'p2wsh') {
    throw new BitcoinError(
      'message_address_unsupported',
      `Signed messages of ${address.type} addresses are not supported.`,
      { details: { type: address.type } },
    );
  }
}

/** The transaction that the signature is over, with the witness to check. */
function proofOf(
  message: string,
  { scriptPubKey }: Address,
  text: string,
): { readonly proof: Transaction; readonly witness: readonly Uint8Array[] } {
  const signature = parseMessageSignature(text);
  if (signature.form === 'simple') {
    return { proof: toSign(message, scriptPubKey), witness: signature.witness };
  }
  const proof = signature.toSign;
  if (!isToSign(proof, message, scriptPubKey)) throw invalid('it is over something else');
  if (proof.version !== 0 && proof.version !== 2) {
    throw new BitcoinError('message_signature_unsupported', 'The signature is of a version not known yet.', {
      details: { version: proof.version },
    });
  }
  return { proof, witness: proof.ins[0]?.witness ?? [] };
}

/**
 * Verifies a BIP322 signature of a P2WPKH address or of a P2WSH multisig address, in the simple or the full
 * form. Returns only when it is valid. @throws BitcoinError `message_address_unsupported` (taproot and all
 * that is not segwit version 0), `message_script_unsupported`, `message_signature_unsupported`,
 * `message_signature_malformed`, `message_signature_invalid`, `signature_malformed`, and those of `parseAddress`.
 */
export function verifyMessage(statement: {
  readonly message: string;
  readonly address: string;
  readonly network: NetworkName;
  readonly signature: string;
}): VerifiedMessage {
  const address = parseAddress(statement.address, statement.network);
  requireSegwitVersion0(address);
  const { proof, witness } = proofOf(statement.message, address, statement.signature);
  const check = address.type === 'p2wpkh' ? checkKeyHash : checkMultisig;
  check(proof, address.scriptPubKey, witness);
  return { address, lockTime: proof.locktime, sequence: proof.ins[0]?.sequence ?? 0 };
}
