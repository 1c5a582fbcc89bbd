import { hexToBytes } from '@noble/hashes/utils.js';
import { BitcoinError } from '../errors.ts';
import type { NetworkName } from '../network.ts';
import { isCompressedPublicKey } from '../secp256k1/signature.ts';
import { parseStep } from './derivation-path.ts';
import { parseExtendedPublicKey, privateKeyRefused, type ExtendedPublicKey } from './extended-public-key.ts';
import { parseKeyOrigin, type KeyOrigin } from './key-origin.ts';

/** One step after an extended key: a child number, or the alternatives of a multipath step `<a;b;…>` (BIP389). */
export type ExpressionStep = number | readonly number[];

/** A public KEY expression of BIP380 and BIP389, whether or not Trilock's descriptors can use it. */
export interface KeyExpression {
  readonly origin: KeyOrigin | null;
  readonly key: ExtendedPublicKey | Uint8Array;
  readonly steps: readonly ExpressionStep[];
  readonly wildcard: 'none' | 'unhardened' | 'hardened';
}

function malformed(reason: string): BitcoinError {
  return new BitcoinError('key_expression_malformed', `This is not a key expression: ${reason}.`, {
    details: { reason },
  });
}

/**
 * Whether the text is a private key, extended or WIF: recognised by beginning and length alone, so that one with a
 * typing error is not echoed either.
 */
export function looksPrivate(key: string): boolean {
  return /^[xyzYZtuvUV]prv/.test(key) || /^[5KLc9][1-9A-HJ-NP-Za-km-z]{50,51}$/.test(key);
}

function parseMultipath(text: string): readonly number[] {
  const alternatives = text.slice(1, -1).split(';').map(parseStep);
  if (alternatives.length < 2) throw malformed('a multipath step needs two alternatives or more');
  if (new Set(alternatives).size !== alternatives.length) throw malformed('a multipath step repeats itself');
  return alternatives;
}

function parseExpressionStep(text: string): ExpressionStep {
  return text.startsWith('<') && text.endsWith('>') ? parseMultipath(text) : parseStep(text);
}

function parseKeyPart(text: string, network: NetworkName): ExtendedPublicKey | Uint8Array {
  if (looksPrivate(text)) throw privateKeyRefused();
  if (/^(0[23][0-9a-fA-F]{64}|04[0-9a-fA-F]{128})$/.test(text)) {
    const publicKey = hexToBytes(text);
    if (publicKey.length === 33 && !isCompressedPublicKey(publicKey)) {
      throw new BitcoinError('public_key_invalid', 'This is not a public key on secp256k1.');
    }
    return publicKey;
  }
  return parseExtendedPublicKey(text, network);
}

/**
 * Reads a KEY expression (BIP380, BIP389). Private keys are refused before anything else of them is looked at.
 * @throws BitcoinError `private_key_refused`, `key_expression_malformed`, `key_origin_malformed`,
 * `derivation_path_malformed`, `public_key_invalid`, and those of `parseExtendedPublicKey`.
 */
export function parseKeyExpression(text: string, network: NetworkName): KeyExpression {
  const originEnd = text.startsWith('[') ? text.indexOf(']') + 1 : 0;
  if (text.startsWith('[') && originEnd === 0) throw malformed('the key origin has no end');
  const [keyText = '', ...path] = text.slice(originEnd).split('/');
  if (keyText === '') throw malformed('there is no key');
  const key = parseKeyPart(keyText, network);
  const origin = originEnd === 0 ? null : parseKeyOrigin(text.slice(0, originEnd));
  const last = path.at(-1);
  const wildcard = last === '*' ? 'unhardened' : last === '*h' || last === "*'" ? 'hardened' : 'none';
  const steps = (wildcard === 'none' ? path : path.slice(0, -1)).map(parseExpressionStep);
  if (key instanceof Uint8Array && path.length > 0) throw malformed('a single key has no children');
  if (steps.filter((step) => typeof step !== 'number').length > 1) throw malformed('two multipath steps');
  return { origin, key, steps, wildcard };
}
