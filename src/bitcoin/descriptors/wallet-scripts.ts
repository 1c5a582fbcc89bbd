import { deriveScriptPubKey, type WalletPosition } from './derive-address.ts';
import type { Branch, WalletDescriptor } from './wallet-descriptor.ts';

const BRANCHES: readonly Branch[] = ['receive', 'change'];

/** Two bytes a character: the 32-byte program of a P2WSH script as a compact map key. */
function keyOf(scriptPubKey: Uint8Array): string | null {
  if (scriptPubKey.length !== 34 || scriptPubKey[0] !== 0 || scriptPubKey[1] !== 32) return null;
  return String.fromCharCode(...new Uint16Array(scriptPubKey.slice(2).buffer));
}

/**
 * Knows the scripts of one wallet up to a bounded index and answers "is this ours, and where?". Scripts are
 * derived once, as far as a question needs: a wallet's own scripts are found after deriving up to their index,
 * a foreign one after deriving to the bound, and each later question is one look-up.
 */
export class WalletScripts {
  readonly #descriptor: WalletDescriptor;
  readonly #positions = new Map<string, WalletPosition>();
  #derived = 0;

  constructor(descriptor: WalletDescriptor) {
    this.#descriptor = descriptor;
  }

  get descriptor(): WalletDescriptor {
    return this.#descriptor;
  }

  #deriveNext(): void {
    const index = this.#derived;
    for (const branch of BRANCHES) {
      const key = keyOf(deriveScriptPubKey(this.#descriptor, branch, index));
      if (key !== null) this.#positions.set(key, { branch, index });
    }
    this.#derived++;
  }

  /** The position of a script among indexes 0 … `lastIndex` of both branches, or null when it is not ours. */
  find(scriptPubKey: Uint8Array, lastIndex: number): WalletPosition | null {
    const key = keyOf(scriptPubKey);
    if (key === null) return null;
    while (this.#derived <= lastIndex && !this.#positions.has(key)) this.#deriveNext();
    const position = this.#positions.get(key);
    return position === undefined || position.index > lastIndex ? null : position;
  }
}
