import { bytesToHex } from '@noble/hashes/utils.js';
import type { WalletDescriptor } from '../descriptors/wallet-descriptor.ts';
import { BitcoinError } from '../errors.ts';
import { partialSignatures } from '../psbt/psbt-input.ts';
import type { Psbt } from '../psbt/psbt.ts';
import { decodeScriptSignature, verifyDigest } from '../secp256k1/signature.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { SIGHASH_ALL, witnessV0Sighashes } from '../transactions/sighash.ts';
import { ownedInput } from './ownership.ts';

function invalid(input: number, publicKey: Uint8Array): never {
  throw new BitcoinError('signature_invalid', 'A signature does not sign this transaction.', {
    details: { input, publicKey: bytesToHex(publicKey) },
  });
}

/**
 * Verifies one signature as a witness carries it: strict DER, SIGHASH_ALL, low s, over `digest`.
 * @throws BitcoinError `sighash_type_refused`, `signature_invalid`, `signature_malformed`.
 */
export function requireSignature(
  signature: Uint8Array,
  publicKey: Uint8Array,
  digest: Uint8Array,
  input: number,
): void {
  const decoded = decodeScriptSignature(signature);
  if (decoded.sighashType !== SIGHASH_ALL) {
    throw new BitcoinError('sighash_type_refused', 'Only signatures over the whole transaction count.', {
      details: { input, sighashType: decoded.sighashType },
    });
  }
  if (!verifyDigest(digest, publicKey, decoded.signature)) invalid(input, publicKey);
}

/** Who signed one input: positions of keys in the descriptor, ascending. */
export type InputSigners = readonly number[];

/**
 * Verifies every partial signature of a wallet's PSBT over one BIP143 midstate and says, for each input, whose
 * they are. An input without signatures has no signers; that is no error.
 * @throws BitcoinError `input_foreign`, `signing_key_foreign` for a signature by a key that is not of the
 * wallet, `signature_invalid`, `signature_malformed`, `sighash_type_refused`.
 */
export function verifySignatures(psbt: Psbt, wallet: WalletDescriptor): readonly InputSigners[] {
  const sighash = witnessV0Sighashes(psbt.transaction);
  return psbt.transaction.ins.map((_, input) => {
    const owned = ownedInput(psbt, input, wallet);
    if (owned === undefined) {
      throw new BitcoinError('input_foreign', 'The transaction spends a coin that is not of this wallet.', {
        details: { input },
      });
    }
    const signatures = partialSignatures(psbt, input);
    if (signatures.length === 0) return [];
    const digest = sighash(input, owned.address.witnessScript, owned.spent.value);
    const signers = signatures.map(({ publicKey, signature }) => {
      const position = owned.address.keys.findIndex((key) => bytesEqual(key.publicKey, publicKey));
      if (position < 0) {
        throw new BitcoinError('signing_key_foreign', 'A signature is by a key that is not of this wallet.', {
          details: { input, publicKey: bytesToHex(publicKey) },
        });
      }
      requireSignature(signature, publicKey, digest, input);
      return position;
    });
    return signers.sort((a, b) => a - b);
  });
}
