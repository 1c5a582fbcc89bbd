import * as tiny from 'tiny-secp256k1';
import { hasPointEncoding, requirePoint, signatureInRange, type Secp256k1Backend } from './backend.ts';

/** tiny-secp256k1: libsecp256k1 compiled to WebAssembly. */
export const wasmBackend: Secp256k1Backend = {
  name: 'wasm',
  isPoint: (candidate) => hasPointEncoding(candidate) && tiny.isPoint(candidate),
  isPrivate: tiny.isPrivate,
  pointCompress(point, compressed = true) {
    requirePoint(point);
    return tiny.pointCompress(point, compressed);
  },
  pointFromScalar: (privateKey, compressed = true) => tiny.pointFromScalar(privateKey, compressed),
  pointAddScalar(point, tweak, compressed = true) {
    requirePoint(point);
    return tiny.pointAddScalar(point, tweak, compressed);
  },
  privateAdd: tiny.privateAdd,
  privateNegate: tiny.privateNegate,
  xOnlyPointAddTweak: tiny.xOnlyPointAddTweak,
  sign: tiny.sign,
  verify(digest, point, signature, strict = false) {
    requirePoint(point);
    return signatureInRange(digest, signature) && tiny.verify(digest, point, signature, strict);
  },
};
