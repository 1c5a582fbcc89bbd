import type { DerivedAddress } from '../descriptors/derive-address.ts';
import { branchStep, type WalletDescriptor } from '../descriptors/wallet-descriptor.ts';
import { BitcoinError } from '../errors.ts';
import type { AccountKey } from '../keys/account-key.ts';
import { encodeScriptSignature, verifyDigest } from '../secp256k1/signature.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { parseMultisigScript } from '../transactions/multisig-script.ts';
import { SIGHASH_ALL, witnessV0Sighashes } from '../transactions/sighash.ts';
import { formatSimpleSignature } from './message-signature.ts';
import { toSign } from './message-transactions.ts';

/** One cosigner's part of a signed message. */
export interface MessagePart {
  /** The cosigner's key of the address, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** r‖s over the digest of BIP322's `to_sign`, 64 bytes. */
  readonly signature: Uint8Array;
}

function digestOf(message: string, { scriptPubKey, witnessScript }: DerivedAddress): Uint8Array {
  return witnessV0Sighashes(toSign(message, scriptPubKey))(0, witnessScript, 0n);
}

/**
 * Signs a message as one cosigner of a wallet's address (BIP322, simple form). The signature is valid for no
 * transaction that can be in a block. @throws BitcoinError `message_signer_foreign` when the key is none of the
 * wallet's, `message_too_long`, `message_malformed`.
 */
export function signMessage(
  key: AccountKey,
  descriptor: WalletDescriptor,
  address: DerivedAddress,
  message: string,
): MessagePart {
  const position = descriptor.keys.findIndex(({ xpub }) => xpub.text === key.xpub.text);
  const publicKey = address.keys[position]?.publicKey;
  if (publicKey === undefined) throw foreignSigner();
  const digest = digestOf(message, address);
  return { publicKey, signature: key.signAt(branchStep(address.branch), address.index, digest) };
}

function foreignSigner(): BitcoinError {
  return new BitcoinError('message_signer_foreign', 'A key does not belong to the address.');
}

/** Returns only when the part is over this message for this address. @throws BitcoinError `message_signature_invalid`. */
export function verifyMessagePart(
  address: DerivedAddress,
  message: string,
  { publicKey, signature }: MessagePart,
): void {
  if (verifyDigest(digestOf(message, address), publicKey, signature)) return;
  throw new BitcoinError('message_signature_invalid', 'A part of the signature is not over this message.');
}

/**
 * Joins enough parts into one BIP322 signature of the address, `smp…`, after verifying each.
 * @throws BitcoinError `message_signer_foreign`, `message_signature_invalid`, `message_signatures_insufficient`.
 */
export function combineMessageParts(
  address: DerivedAddress,
  message: string,
  parts: readonly MessagePart[],
): string {
  const multisig = parseMultisigScript(address.witnessScript);
  if (multisig === undefined) {
    throw new BitcoinError('message_script_unsupported', 'Only multisig witness scripts are understood.');
  }
  for (const part of parts) {
    if (!multisig.publicKeys.some((key) => bytesEqual(key, part.publicKey))) throw foreignSigner();
    verifyMessagePart(address, message, part);
  }
  // In the order of the script's keys, as OP_CHECKMULTISIG wants them.
  const ordered = multisig.publicKeys.flatMap(
    (key) => parts.find((part) => bytesEqual(part.publicKey, key)) ?? [],
  );
  if (ordered.length < multisig.threshold) {
    throw new BitcoinError('message_signatures_insufficient', 'More cosigners have to sign the message.', {
      details: { needed: multisig.threshold, given: ordered.length },
    });
  }
  const signatures = ordered
    .slice(0, multisig.threshold)
    .map(({ signature }) => encodeScriptSignature(signature, SIGHASH_ALL));
  return formatSimpleSignature([new Uint8Array(), ...signatures, address.witnessScript]);
}
