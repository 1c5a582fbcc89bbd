import {
  hasPointEncoding,
  isBelowCurveOrder,
  requirePoint,
  requireScalar,
  signatureInRange,
  type Secp256k1Backend,
} from './backend.ts';

/** What is used of the `secp256k1/bindings` entry. Every function throws on arguments it refuses. */
interface Bindings {
  contextRandomize(seed: Uint8Array | null): void;
  privateKeyVerify(privateKey: Uint8Array): boolean;
  privateKeyNegate(privateKeyInPlace: Uint8Array): Uint8Array;
  privateKeyTweakAdd(privateKeyInPlace: Uint8Array, tweak: Uint8Array): Uint8Array;
  publicKeyVerify(publicKey: Uint8Array): boolean;
  publicKeyCreate(privateKey: Uint8Array, compressed?: boolean): Uint8Array;
  publicKeyConvert(publicKey: Uint8Array, compressed?: boolean): Uint8Array;
  publicKeyTweakAdd(publicKey: Uint8Array, tweak: Uint8Array, compressed?: boolean): Uint8Array;
  signatureNormalize(signatureInPlace: Uint8Array): Uint8Array;
  ecdsaSign(
    digest: Uint8Array,
    privateKey: Uint8Array,
    options?: { data?: Uint8Array },
  ): { signature: Uint8Array };
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
}

function isPrivate(bindings: Bindings, candidate: Uint8Array): boolean {
  return candidate.length === 32 && bindings.privateKeyVerify(candidate);
}

function requirePrivate(bindings: Bindings, privateKey: Uint8Array): void {
  if (!isPrivate(bindings, privateKey)) throw new Error('Expected a private key');
}

/** The addon reports "tweak out of range" and "result at infinity" alike: the range is looked at on failure. */
function nullAtInfinity(tweak: Uint8Array, operation: () => Uint8Array): Uint8Array | null {
  try {
    return operation();
  } catch (failure) {
    if (isBelowCurveOrder(tweak) && failure instanceof Error && failure.message.startsWith('The tweak was')) {
      return null;
    }
    throw failure;
  }
}

function backendOver(bindings: Bindings): Secp256k1Backend {
  return {
    name: 'native',
    isPoint: (candidate) => hasPointEncoding(candidate) && bindings.publicKeyVerify(candidate),
    isPrivate: (candidate) => isPrivate(bindings, candidate),
    pointCompress(point, compressed = true) {
      requirePoint(point);
      return bindings.publicKeyConvert(point, compressed);
    },
    pointFromScalar: (privateKey, compressed = true) => bindings.publicKeyCreate(privateKey, compressed),
    pointAddScalar(point, tweak, compressed = true) {
      requirePoint(point);
      return nullAtInfinity(tweak, () => bindings.publicKeyTweakAdd(point, tweak, compressed));
    },
    privateAdd(privateKey, tweak) {
      requirePrivate(bindings, privateKey);
      return nullAtInfinity(tweak, () => bindings.privateKeyTweakAdd(Uint8Array.from(privateKey), tweak));
    },
    privateNegate(privateKey) {
      requirePrivate(bindings, privateKey);
      return bindings.privateKeyNegate(Uint8Array.from(privateKey));
    },
    xOnlyPointAddTweak(xOnlyPoint, tweak) {
      requireScalar(tweak);
      const even = new Uint8Array(33);
      even[0] = 2;
      even.set(xOnlyPoint, 1);
      const sum = nullAtInfinity(tweak, () => bindings.publicKeyTweakAdd(even, tweak, true));
      return sum === null ? null : { parity: sum[0] === 3 ? 1 : 0, xOnlyPubkey: sum.slice(1) };
    },
    sign(digest, privateKey, extraData) {
      return bindings.ecdsaSign(digest, privateKey, extraData === undefined ? {} : { data: extraData })
        .signature;
    },
    verify(digest, point, signature, strict = false) {
      requirePoint(point);
      if (!signatureInRange(digest, signature)) return false;
      // The addon refuses a high s: where it may be high, its low twin is verified.
      const checked = strict ? signature : bindings.signatureNormalize(Uint8Array.from(signature));
      return bindings.ecdsaVerify(checked, digest, point);
    },
  };
}

/**
 * Loads the prebuilt addon, or says why it cannot. Only the package's `bindings` entry is ever loaded: its main
 * entry would fall back to a JavaScript curve without a word. In a browser there is no addon; the way to
 * `require` is looked up at run time, so that bundlers need no special case.
 */
export function loadNativeBackend(): { backend: Secp256k1Backend } | { unavailable: string } {
  // Absent in browsers, whatever the type says.
  const host = globalThis.process as typeof globalThis.process | undefined;
  if (typeof host?.getBuiltinModule !== 'function') return { unavailable: 'not a Node.js process' };
  let bindings: Bindings;
  try {
    const require = host.getBuiltinModule('node:module').createRequire(import.meta.url);
    bindings = require('secp256k1/bindings') as Bindings;
  } catch (failure) {
    return {
      unavailable: failure instanceof Error ? (failure.message.split('\n')[0] ?? '') : String(failure),
    };
  }
  // Blinds the constant-time multiplications against side channels; no result depends on it.
  bindings.contextRandomize(globalThis.crypto.getRandomValues(new Uint8Array(32)));
  return { backend: backendOver(bindings) };
}
