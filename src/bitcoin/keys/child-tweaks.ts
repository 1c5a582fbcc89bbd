import { hmac } from '@noble/hashes/hmac.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { BitcoinError } from '../errors.ts';
import { isBelowCurveOrder } from '../secp256k1/backend.ts';
import { HARDENED } from './derivation-path.ts';

/** What derivation of unhardened children needs of a parent key. */
export interface PublicParent {
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  readonly chainCode: Uint8Array;
}

/** @throws BitcoinError `derivation_index_invalid`, `hardened_derivation_refused`. */
export function requireUnhardened(index: number): void {
  if (!Number.isInteger(index) || index < 0 || index > 0xffff_ffff) {
    throw new BitcoinError('derivation_index_invalid', 'An index is a whole number from 0 to 2^31 − 1.', {
      details: { index: String(index) },
    });
  }
  if (index >= HARDENED) {
    throw new BitcoinError('hardened_derivation_refused', 'A public key has no hardened children.', {
      details: { index },
    });
  }
}

/** BIP32 leaves such an index out; the chance is one in 2^127. */
export function childInvalid(index: number): BitcoinError {
  return new BitcoinError('child_key_invalid', 'This index has no child key.', { details: { index } });
}

/**
 * The numbers that lead from a parent key to its unhardened children, public or private (BIP32): the halves of
 * HMAC-SHA512(chain code, public key ‖ index). What depends on the parent alone is computed once.
 */
export class ChildTweaks {
  readonly #mac: ReturnType<typeof hmac.create>;
  readonly #data = new Uint8Array(37);
  readonly #view = new DataView(this.#data.buffer);

  constructor(parent: PublicParent) {
    this.#mac = hmac.create(sha512, parent.chainCode);
    this.#data.set(parent.publicKey);
  }

  at(index: number): { readonly tweak: Uint8Array; readonly chainCode: Uint8Array } {
    requireUnhardened(index);
    this.#view.setUint32(33, index);
    const digest = this.#mac.clone().update(this.#data).digest();
    const tweak = digest.subarray(0, 32);
    if (!isBelowCurveOrder(tweak)) throw childInvalid(index);
    return { tweak, chainCode: digest.subarray(32) };
  }
}
