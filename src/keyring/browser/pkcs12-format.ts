import { KeyringError } from '../errors.ts';
import {
  bmpOf,
  bmpText,
  childrenOf,
  contentOf,
  explicit,
  fromDer,
  integer,
  nothing,
  octets,
  oid,
  oidOf,
  sequence,
  set,
  toDer,
  type Asn1,
} from './asn1.ts';
import type { Bytes } from './bytes.ts';
import type { Pkcs12Mac } from './pkcs12-mac.ts';

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
/** An officer's file has two certificates, a master lock three. */
const MAX_BAGS = 16;

/** What a PKCS#12 file holds: keys still encrypted, certificates in the clear. Both DER. */
export interface Pkcs12Bags {
  readonly keys: readonly {
    readonly name: string;
    readonly id: Uint8Array;
    readonly encrypted: Uint8Array;
  }[];
  /** The certificate of a key carries the id of that key. */
  readonly certificates: readonly { readonly id: Uint8Array | null; readonly der: Uint8Array }[];
}

function attributes(id: Uint8Array, name?: string): Asn1 {
  const keyId = sequence(oid(OID.localKeyId), set(octets(id)));
  if (name === undefined) return set(keyId);
  return set(sequence(oid(OID.friendlyName), set(bmpText(name))), keyId);
}

function dataOf(content: Asn1): Asn1 {
  return sequence(oid(OID.data), explicit(octets(toDer(content))));
}

/** The content that the MAC covers: AuthenticatedSafe of RFC 7292, DER. */
export function encodeBags({ keys, certificates }: Pkcs12Bags): Bytes {
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
export function encodePfx(content: Uint8Array, { salt, rounds, digest }: Pkcs12Mac): Bytes {
  const algorithm = sequence(oid(OID.sha256), nothing());
  const mac = sequence(sequence(algorithm, octets(digest)), octets(salt), integer(rounds));
  return toDer(sequence(integer(VERSION), sequence(oid(OID.data), explicit(octets(content))), mac));
}

export function malformedPkcs12(reason: string): KeyringError {
  return new KeyringError('pkcs12_malformed', 'This is not a PKCS#12 file as this program writes them.', {
    details: { reason },
  });
}

/** The octets of a `data` ContentInfo. */
function dataIn(info: Asn1 | undefined): Bytes {
  const [type, wrapped] = childrenOf(info);
  if (oidOf(type) !== OID.data) throw malformedPkcs12('a part of it is encrypted in another way');
  return contentOf(childrenOf(wrapped)[0]);
}

function strictly<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof KeyringError) throw thrown;
    throw malformedPkcs12('its structure is wrong');
  }
}

function wholeNumber(bytes: Uint8Array): number {
  if (bytes.length > 6) throw malformedPkcs12('its MAC is out of bounds');
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** @throws KeyringError `pkcs12_malformed`. */
export function decodePfx(file: Uint8Array): { readonly content: Bytes; readonly mac: Pkcs12Mac } {
  return strictly(() => {
    const [version, authSafe, macData] = childrenOf(fromDer(file));
    if (wholeNumber(contentOf(version)) !== VERSION) throw malformedPkcs12('its version is unknown');
    const [digestInfo, salt, rounds] = childrenOf(macData);
    const [algorithm, digest] = childrenOf(digestInfo);
    if (oidOf(childrenOf(algorithm)[0]) !== OID.sha256) throw malformedPkcs12('its MAC is not by SHA-256');
    return {
      content: dataIn(authSafe),
      mac: { salt: contentOf(salt), rounds: wholeNumber(contentOf(rounds)), digest: contentOf(digest) },
    };
  });
}

function attribute(bag: Asn1 | undefined, wanted: string): Asn1 | undefined {
  for (const entry of bag === undefined ? [] : childrenOf(bag)) {
    const [type, values] = childrenOf(entry);
    if (oidOf(type) === wanted) return childrenOf(values)[0];
  }
  return undefined;
}

/** @throws KeyringError `pkcs12_malformed`. */
export function decodeBags(content: Uint8Array): Pkcs12Bags {
  return strictly(() => {
    const keys: Pkcs12Bags['keys'][number][] = [];
    const certificates: Pkcs12Bags['certificates'][number][] = [];
    const bags = childrenOf(fromDer(content)).flatMap((info) => childrenOf(fromDer(dataIn(info))));
    if (bags.length > MAX_BAGS) throw malformedPkcs12('it holds too much');
    for (const bag of bags) {
      const [type, wrapped, attached] = childrenOf(bag);
      const value = childrenOf(wrapped)[0];
      const keyId = attribute(attached, OID.localKeyId);
      const id = keyId === undefined ? null : contentOf(keyId);
      const kind = oidOf(type);
      if (kind === OID.shroudedKeyBag && value !== undefined) {
        const name = bmpOf(attribute(attached, OID.friendlyName));
        keys.push({ name, id: id ?? new Uint8Array(), encrypted: toDer(value) });
      } else if (kind === OID.certBag) {
        const [format, der] = childrenOf(value);
        if (oidOf(format) !== OID.x509Certificate) throw malformedPkcs12('a certificate is of another kind');
        certificates.push({ id, der: contentOf(childrenOf(der)[0]) });
      } else throw malformedPkcs12('it holds something else');
    }
    return { keys, certificates };
  });
}
