import { deriveScriptPubKey, type WalletPosition } from './derive-address.ts';
import { requireUnhardened } from '../keys/child-tweaks.ts';
import { branchStep, type WalletDescriptor } from './wallet-descriptor.ts';

/** Two bytes a character: the 32-byte program of a P2WSH script as a compact map key. */
function keyOf(scriptPubKey: Uint8Array): string | null {
  if (scriptPubKey.length !== 34 || scriptPubKey[0] !== 0 || scriptPubKey[1] !== 32) return null;
  // Copied by `from`: `slice` of a Buffer would not copy.
  return String.fromCharCode(...new Uint16Array(Uint8Array.from(scriptPubKey.subarray(2)).buffer));
}

/**
 * Knows the scripts of one wallet up to a bounded index and answers "is this ours, and where?". Scripts are
 * derived once, as far as a question needs: a wallet's own scripts are found after deriving up to their index,
 * a foreign one after deriving to the bound (two addresses an index), and each later question is one look-up.
 */
export class WalletScripts {
  readonly #descriptor: WalletDescriptor;
  /** Twice the index, plus one on the change branch: a million scripts are a million numbers, not objects. */
  readonly #places = new Map<string, number>();
  #derived = 0;

  constructor(descriptor: WalletDescriptor) {
    this.#descriptor = descriptor;
  }

  get descriptor(): WalletDescriptor {
    return this.#descriptor;
  }

  #deriveNext(): void {
    const index = this.#derived;
    for (const branch of ['receive', 'change'] as const) {
      const key = keyOf(deriveScriptPubKey(this.#descriptor, branch, index));
      if (key !== null) this.#places.set(key, 2 * index + branchStep(branch));
    }
    this.#derived++;
  }

  /**
   * The position of a script among indexes 0 … `lastIndex` of both branches, or null when it is not ours.
   * @throws BitcoinError `derivation_index_invalid`, `hardened_derivation_refused`.
   */
  find(scriptPubKey: Uint8Array, lastIndex: number): WalletPosition | null {
    requireUnhardened(lastIndex);
    const key = keyOf(scriptPubKey);
    if (key === null) return null;
    while (this.#derived <= lastIndex && !this.#places.has(key)) this.#deriveNext();
    const place = this.#places.get(key) ?? Number.POSITIVE_INFINITY;
    const index = Math.floor(place / 2);
    return index > lastIndex ? null : { branch: place % 2 === 0 ? 'receive' : 'change', index };
  }
}
