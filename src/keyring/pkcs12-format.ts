import forge from 'node-forge';
import { KeyringError } from './errors.ts';
import type { Pkcs12Mac } from './pkcs12-mac.ts';

const { asn1 } = forge;
type Asn1 = forge.asn1.Asn1;
const { Class, Type } = asn1;

const OID = {
  data: '1.2.840.113549.1.7.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const;

const VERSION = 3;
/** An officer's file has two certificates. */
const MAX_BAGS = 16;

/** What a PKCS#12 file holds: keys still encrypted, certificates in the clear. Both DER. */
export interface Pkcs12Bags {
  readonly keys: readonly { readonly name: string; readonly id: Buffer; readonly encrypted: Buffer }[];
  /** The certificate of a key carries the id of that key. */
  readonly certificates: readonly { readonly id: Buffer | null; readonly der: Buffer }[];
}

const universal = (type: forge.asn1.Type, value: string): Asn1 =>
  asn1.create(Class.UNIVERSAL, type, false, value);
const oid = (text: string): Asn1 => universal(Type.OID, asn1.oidToDer(text).getBytes());
const octets = (bytes: Buffer): Asn1 => universal(Type.OCTETSTRING, bytes.toString('latin1'));
const integer = (value: number): Asn1 => universal(Type.INTEGER, asn1.integerToDer(value).getBytes());
const sequence = (...values: Asn1[]): Asn1 => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, values);
const set = (...values: Asn1[]): Asn1 => asn1.create(Class.UNIVERSAL, Type.SET, true, values);
const explicit = (value: Asn1): Asn1 => asn1.create(Class.CONTEXT_SPECIFIC, Type.NONE, true, [value]);
const toDer = (value: Asn1): Buffer => Buffer.from(asn1.toDer(value).getBytes(), 'latin1');
const fromDer = (der: Buffer): Asn1 => asn1.fromDer(der.toString('latin1'));

function attributes(id: Buffer, name?: string): Asn1 {
  const keyId = sequence(oid(OID.localKeyId), set(octets(id)));
  if (name === undefined) return set(keyId);
  const bmp = Buffer.from(name, 'utf16le').swap16().toString('latin1');
  return set(sequence(oid(OID.friendlyName), set(universal(Type.BMPSTRING, bmp))), keyId);
}

function dataOf(content: Asn1): Asn1 {
  return sequence(oid(OID.data), explicit(octets(toDer(content))));
}

/** The content that the MAC covers: AuthenticatedSafe of RFC 7292, DER. */
export function encodeBags({ keys, certificates }: Pkcs12Bags): Buffer {
  const keyBags = keys.map(({ name, id, encrypted }) =>
    sequence(oid(OID.shroudedKeyBag), explicit(fromDer(encrypted)), attributes(id, name)),
  );
  const certBags = certificates.map(({ id, der }) => {
    const value = explicit(sequence(oid(OID.x509Certificate), explicit(octets(der))));
    return sequence(oid(OID.certBag), value, ...(id === null ? [] : [attributes(id)]));
  });
  return toDer(sequence(dataOf(sequence(...keyBags)), dataOf(sequence(...certBags))));
}

/** The file: PFX of RFC 7292, DER. */
export function encodePfx(content: Buffer, { salt, rounds, digest }: Pkcs12Mac): Buffer {
  const algorithm = sequence(oid(OID.sha256), universal(Type.NULL, ''));
  const mac = sequence(sequence(algorithm, octets(digest)), octets(salt), integer(rounds));
  return toDer(sequence(integer(VERSION), sequence(oid(OID.data), explicit(octets(content))), mac));
}

export function malformedPkcs12(reason: string): KeyringError {
  return new KeyringError('pkcs12_malformed', 'This is not a PKCS#12 file as this program writes them.', {
    details: { reason },
  });
}

function childrenOf(node: Asn1 | undefined): Asn1[] {
  if (node === undefined || typeof node.value === 'string') throw malformedPkcs12('its structure is wrong');
  return node.value;
}

function bytesOf(node: Asn1 | undefined): Buffer {
  if (node === undefined || typeof node.value !== 'string') throw malformedPkcs12('its structure is wrong');
  return Buffer.from(node.value, 'latin1');
}

function oidOf(node: Asn1 | undefined): string {
  if (node?.type !== Type.OID) throw malformedPkcs12('its structure is wrong');
  return asn1.derToOid(bytesOf(node).toString('latin1'));
}

/** The octets of a `data` ContentInfo. */
function contentOf(info: Asn1 | undefined): Buffer {
  const [type, wrapped] = childrenOf(info);
  if (oidOf(type) !== OID.data) throw malformedPkcs12('a part of it is encrypted in another way');
  return bytesOf(childrenOf(wrapped)[0]);
}

function strictly<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof KeyringError) throw thrown;
    throw malformedPkcs12('it is no DER');
  }
}

/** @throws KeyringError `pkcs12_malformed`. */
export function decodePfx(file: Buffer): { readonly content: Buffer; readonly mac: Pkcs12Mac } {
  return strictly(() => {
    const [version, authSafe, macData] = childrenOf(fromDer(file));
    if (bytesOf(version).toString('hex') !== '03') throw malformedPkcs12('its version is unknown');
    const [digestInfo, salt, rounds] = childrenOf(macData);
    const [algorithm, digest] = childrenOf(digestInfo);
    if (oidOf(childrenOf(algorithm)[0]) !== OID.sha256) throw malformedPkcs12('its MAC is not by SHA-256');
    const count = bytesOf(rounds);
    if (count.length > 6) throw malformedPkcs12('its MAC is out of bounds');
    return {
      content: contentOf(authSafe),
      mac: { salt: bytesOf(salt), rounds: count.readUIntBE(0, count.length), digest: bytesOf(digest) },
    };
  });
}

function localKeyId(bag: Asn1 | undefined): Buffer | null {
  for (const attribute of bag === undefined ? [] : childrenOf(bag)) {
    const [type, values] = childrenOf(attribute);
    if (oidOf(type) === OID.localKeyId) return bytesOf(childrenOf(values)[0]);
  }
  return null;
}

/** @throws KeyringError `pkcs12_malformed`. */
export function decodeBags(content: Buffer): Pkcs12Bags {
  return strictly(() => {
    const keys: Pkcs12Bags['keys'][number][] = [];
    const certificates: Pkcs12Bags['certificates'][number][] = [];
    const bags = childrenOf(fromDer(content)).flatMap((info) => childrenOf(fromDer(contentOf(info))));
    if (bags.length > MAX_BAGS) throw malformedPkcs12('it holds too much');
    for (const bag of bags) {
      const [type, wrapped, attached] = childrenOf(bag);
      const value = childrenOf(wrapped)[0];
      const id = localKeyId(attached);
      const kind = oidOf(type);
      if (kind === OID.shroudedKeyBag && value !== undefined) {
        keys.push({ name: '', id: id ?? Buffer.alloc(0), encrypted: toDer(value) });
      } else if (kind === OID.certBag) {
        const [format, der] = childrenOf(value);
        if (oidOf(format) !== OID.x509Certificate) throw malformedPkcs12('a certificate is of another kind');
        certificates.push({ id, der: bytesOf(childrenOf(der)[0]) });
      } else throw malformedPkcs12('it holds something else');
    }
    return { keys, certificates };
  });
}
