import codec from 'node-forge/lib/asn1.js';
import type { asn1 } from 'node-forge';
import { bytesOf, type Bytes } from './bytes.ts';

// Public or encrypted content only: forge keeps bytes in strings, which cannot be zeroed.

export type Asn1 = asn1.Asn1;
const { Class, Type } = codec;

function binary(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function fromBinary(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

// Forge types a context's number as a universal tag, which is the same field of the encoding.
const [CONTEXT_0, CONTEXT_3, CONTEXT_6] = [Type.NONE, Type.BITSTRING, Type.OID];

const universal = (type: asn1.Type, value: string): Asn1 => codec.create(Class.UNIVERSAL, type, false, value);
/** The codec itself turns this type into UTF-16 and back. */
export const bmpText = (text: string): Asn1 => universal(Type.BMPSTRING, text);
export const oid = (text: string): Asn1 => universal(Type.OID, codec.oidToDer(text).getBytes());
export const octets = (bytes: Uint8Array): Asn1 => universal(Type.OCTETSTRING, binary(bytes));
export const bits = (bytes: Uint8Array, unused = 0): Asn1 =>
  universal(Type.BITSTRING, String.fromCharCode(unused) + binary(bytes));
export const integer = (value: number): Asn1 => universal(Type.INTEGER, codec.integerToDer(value).getBytes());
/** An integer by its bytes, which the caller has made positive and minimal. */
export const integerOf = (bytes: Uint8Array): Asn1 => universal(Type.INTEGER, binary(bytes));
export const boolean = (value: boolean): Asn1 => universal(Type.BOOLEAN, value ? '\xff' : '\x00');
export const nothing = (): Asn1 => universal(Type.NULL, '');
export const utf8Text = (text: string): Asn1 => universal(Type.UTF8, binary(new TextEncoder().encode(text)));
export const generalizedTime = (text: string): Asn1 => universal(Type.GENERALIZEDTIME, text);
export const utcTime = (text: string): Asn1 => universal(Type.UTCTIME, text);
export const sequence = (...values: Asn1[]): Asn1 =>
  codec.create(Class.UNIVERSAL, Type.SEQUENCE, true, values);
export const set = (...values: Asn1[]): Asn1 => codec.create(Class.UNIVERSAL, Type.SET, true, values);
/** `[0] EXPLICIT`. */
export const explicit = (value: Asn1): Asn1 => codec.create(Class.CONTEXT_SPECIFIC, CONTEXT_0, true, [value]);
/** `[3] EXPLICIT`: the extensions of a certificate. */
export const extensions = (value: Asn1): Asn1 =>
  codec.create(Class.CONTEXT_SPECIFIC, CONTEXT_3, true, [value]);
/** `[0] IMPLICIT` octets: the key of an issuer. */
export const keyIdentifier = (bytes: Uint8Array): Asn1 =>
  codec.create(Class.CONTEXT_SPECIFIC, CONTEXT_0, false, binary(bytes));
/** `[6] IMPLICIT` text: a name that is an address. */
export const uriName = (uri: string): Asn1 =>
  codec.create(Class.CONTEXT_SPECIFIC, CONTEXT_6, false, binary(new TextEncoder().encode(uri)));

export const toDer = (value: Asn1): Bytes => fromBinary(codec.toDer(value).getBytes());
/** @throws Error unless it is DER, with nothing after it. */
export const fromDer = (der: Uint8Array): Asn1 => codec.fromDer(binary(der));

/** @throws Error unless the node is constructed. */
export function childrenOf(node: Asn1 | undefined): Asn1[] {
  if (node === undefined || typeof node.value === 'string') throw new Error('a constructed value is missing');
  return node.value;
}

/** @throws Error unless the node is primitive. */
export function contentOf(node: Asn1 | undefined): Bytes {
  if (node === undefined || typeof node.value !== 'string') throw new Error('a primitive value is missing');
  return bytesOf(fromBinary(node.value));
}

/** The text of a BMPString. @throws Error unless it is one. */
export function bmpOf(node: Asn1 | undefined): string {
  if (node?.type !== Type.BMPSTRING || typeof node.value !== 'string') throw new Error('a name is missing');
  return node.value;
}

/** @throws Error unless the node is an object identifier. */
export function oidOf(node: Asn1 | undefined): string {
  if (node?.type !== Type.OID) throw new Error('an object identifier is missing');
  return codec.derToOid(binary(contentOf(node)));
}
