import { curve } from '../secp256k1/active.ts';
import { childInvalid, ChildTweaks, type PublicParent } from './child-tweaks.ts';

/** Derives many unhardened children of one public key (BIP32, CKDpub). */
export class PublicChildren {
  readonly #tweaks: ChildTweaks;
  /** Uncompressed, so that no square root is taken for each child. */
  readonly #point: Uint8Array;

  constructor(parent: PublicParent) {
    this.#tweaks = new ChildTweaks(parent);
    this.#point = curve().backend.pointCompress(parent.publicKey, false);
  }

  #add(index: number, tweak: Uint8Array): Uint8Array {
    const child = curve().backend.pointAddScalar(this.#point, tweak, true);
    if (child === null) throw childInvalid(index);
    return child;
  }

  /** The public key of child `index`, 33 bytes. @throws BitcoinError `hardened_derivation_refused` and others. */
  publicKey(index: number): Uint8Array {
    return this.#add(index, this.#tweaks.at(index).tweak);
  }

  /** The child as a parent of its own. */
  child(index: number): PublicParent {
    const { tweak, chainCode } = this.#tweaks.at(index);
    return { publicKey: this.#add(index, tweak), chainCode: chainCode.slice() };
  }
}
