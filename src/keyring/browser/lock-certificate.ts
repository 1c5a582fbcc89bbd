import { KeyringError } from '../errors.ts';
import {
  bits,
  boolean,
  childrenOf,
  contentOf,
  explicit,
  extensions as extensionsOf,
  fromDer,
  generalizedTime,
  keyIdentifier,
  integer,
  integerOf,
  octets,
  oid,
  oidOf,
  sequence,
  set,
  toDer,
  uriName,
  utcTime,
  utf8Text,
  type Asn1,
} from './asn1.ts';
import { bytesOf, concatBytes, sameBytes, sha256, utf8, type Bytes } from './bytes.ts';

/** What one half of a master lock is for. */
export type LockUse = 'signing' | 'decryption';

/** What a certificate of a master lock says: whose key this is, and for what. */
export interface LockCertificateFacts {
  readonly network: string;
  readonly customer: string;
  /** Id of the lock. */
  readonly lock: string;
  readonly use: LockUse;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

/** The key with which a signer attests: Ed25519, raw, as the officers' manifest names it. */
export interface CertificateIssuer {
  readonly publicKey: Uint8Array;
  readonly network: string;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

const OID = {
  ed25519: '1.3.101.112',
  commonName: '2.5.4.3',
  organizationalUnit: '2.5.4.11',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  subjectKeyId: '2.5.29.14',
  authorityKeyId: '2.5.29.35',
  alternativeName: '2.5.29.17',
} as const;

const VERSION_3 = 2;
const KEY_ID_BYTES = 20;
const ED25519_BYTES = 32;
/** Bits of KeyUsage (RFC 5280 section 4.2.1.3), most significant first, with the unused ones counted. */
const USAGE = {
  signing: { byte: 0x80, unused: 7 },
  decryption: { byte: 0x20, unused: 5 },
  issuer: { byte: 0x04, unused: 2 },
} as const;
/** No well-defined expiration (RFC 5280 section 4.1.2.5): a lock ends when the signer ends it. */
const FOREVER = '99991231235959Z';

function uriOf({ network, customer, lock, use }: Omit<LockCertificateFacts, 'spki'>): string {
  return `urn:trilock:master-lock:${network}:${customer}:${lock}:${use}`;
}

function nameOf(commonName: string, unit: string): Asn1 {
  const part = (type: string, text: string): Asn1 => set(sequence(oid(type), utf8Text(text)));
  return sequence(part(OID.organizationalUnit, unit), part(OID.commonName, commonName));
}

async function issuerName({ publicKey, network }: Pick<CertificateIssuer, 'publicKey' | 'network'>) {
  const keyId = (await sha256(bytesOf(publicKey))).subarray(0, 8);
  const hex = [...keyId].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return nameOf(`Trilock signer ${hex}`, network);
}

function ed25519Spki(publicKey: Uint8Array): Bytes {
  return toDer(sequence(sequence(oid(OID.ed25519)), bits(publicKey)));
}

/** First 20 bytes of the key's SHA-256 (RFC 7093 section 2, method 1). */
export async function keyIdOfSpki(spki: Uint8Array): Promise<Bytes> {
  return (await sha256(bytesOf(spki))).slice(0, KEY_ID_BYTES);
}

function extension(type: string, critical: boolean, value: Asn1): Asn1 {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), octets(toDer(value)));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5). */
function timeOf(atMs: number): Asn1 {
  const text = new Date(atMs).toISOString().replace(/[-:T]|\.\d+/g, '');
  return text < '2050' ? utcTime(text.slice(2)) : generalizedTime(text);
}

interface Layout {
  readonly subject: Asn1;
  readonly spki: Uint8Array;
  readonly usage: keyof typeof USAGE;
  readonly uri: string | null;
  readonly atMs: number;
}

async function layOut(
  issuer: CertificateIssuer,
  { subject, spki, usage, uri, atMs }: Layout,
): Promise<Bytes> {
  const { byte, unused } = USAGE[usage];
  const issuerKeyId = await keyIdOfSpki(ed25519Spki(issuer.publicKey));
  const keyId = await keyIdOfSpki(spki);
  // Derived, so that the same certificate is issued again after a lost answer: positive, minimal, 16 bytes.
  const serial = (await sha256(concatBytes(utf8(uri ?? 'issuer'), bytesOf(spki)))).slice(0, 16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const algorithm = sequence(oid(OID.ed25519));
  const constraints = usage === 'issuer' ? sequence(boolean(true)) : sequence();
  const toBeSigned = sequence(
    explicit(integer(VERSION_3)),
    integerOf(serial),
    algorithm,
    await issuerName(issuer),
    sequence(timeOf(atMs), generalizedTime(FOREVER)),
    subject,
    fromDer(spki),
    extensionsOf(
      sequence(
        extension(OID.basicConstraints, true, constraints),
        extension(OID.keyUsage, true, bits(Uint8Array.of(byte), unused)),
        extension(OID.subjectKeyId, false, octets(keyId)),
        extension(OID.authorityKeyId, false, sequence(keyIdentifier(issuerKeyId))),
        ...(uri === null ? [] : [extension(OID.alternativeName, false, sequence(uriName(uri)))]),
      ),
    ),
  );
  const signature = issuer.sign(toDer(toBeSigned));
  return toDer(sequence(toBeSigned, algorithm, bits(signature)));
}

/** A certificate for one half of a customer's master lock, X.509 (RFC 5280, RFC 8410), DER. Same facts, same bytes. */
export function issueLockCertificate(
  facts: LockCertificateFacts,
  issuer: CertificateIssuer,
  atMs: number,
): Promise<Bytes> {
  const subject = nameOf(facts.customer, `master lock, ${facts.use}`);
  return layOut(issuer, { subject, spki: facts.spki, usage: facts.use, uri: uriOf(facts), atMs });
}

/** The issuer's own certificate, self-signed, for programs that want a chain. */
export async function issuerCertificate(issuer: CertificateIssuer): Promise<Bytes> {
  const subject = await issuerName(issuer);
  const spki = ed25519Spki(issuer.publicKey);
  return layOut(issuer, { subject, spki, usage: 'issuer', uri: null, atMs: 0 });
}

interface ReadCertificate {
  readonly signed: Bytes;
  readonly signature: Bytes;
  readonly spki: Bytes;
  readonly usage: string;
  readonly uri: string;
}

function extensionIn(extensions: readonly Asn1[], wanted: string): Asn1 {
  const found = extensions.find((entry) => oidOf(childrenOf(entry)[0]) === wanted);
  const value = found === undefined ? undefined : childrenOf(found).at(-1);
  return fromDer(contentOf(value));
}

/** @throws KeyringError `certificate_malformed`. */
function read(der: Uint8Array): ReadCertificate {
  try {
    const [tbs, algorithm, signature] = childrenOf(fromDer(der));
    const fields = childrenOf(tbs);
    const spki = fields[6];
    const extensions = childrenOf(childrenOf(fields[7])[0]);
    if (tbs === undefined || spki === undefined || oidOf(childrenOf(algorithm)[0]) !== OID.ed25519) {
      throw new Error('another kind of certificate');
    }
    const [uri] = childrenOf(extensionIn(extensions, OID.alternativeName));
    return {
      signed: toDer(tbs),
      signature: contentOf(signature).slice(1),
      spki: toDer(spki),
      usage: contentOf(extensionIn(extensions, OID.keyUsage)).join(),
      uri: new TextDecoder().decode(contentOf(uri)),
    };
  } catch {
    throw new KeyringError('certificate_malformed', 'This is not a certificate of a master lock.');
  }
}

/** SubjectPublicKeyInfo of a certificate, DER. Nothing is proven by it. @throws KeyringError `certificate_malformed`. */
export function spkiOfCertificate(der: Uint8Array): Bytes {
  return read(der).spki;
}

const LOCK_URI =
  /^urn:trilock:master-lock:([a-z]+):(cus_[0-9a-z]{26}):(crd_[0-9a-z]{26}):(signing|decryption)$/;

/** Whose lock a certificate names. Nothing is proven by it. @throws KeyringError `certificate_malformed`. */
export function lockOfCertificate(
  der: Uint8Array,
): Pick<LockCertificateFacts, 'network' | 'customer' | 'lock'> {
  const [, network, customer, lock] = LOCK_URI.exec(read(der).uri) ?? [];
  if (network !== undefined && customer !== undefined && lock !== undefined)
    return { network, customer, lock };
  throw new KeyringError('certificate_malformed', 'This is not a certificate of a master lock.');
}

/** Whether a certificate names a key for this use. @throws KeyringError `certificate_malformed`. */
export function isCertificateFor(der: Uint8Array, use: LockUse): boolean {
  return read(der).usage === `${USAGE[use].unused},${USAGE[use].byte}`;
}

async function signedBy(raw: Uint8Array, { signed, signature }: ReadCertificate): Promise<boolean> {
  if (raw.length !== ED25519_BYTES) return false;
  const key = await crypto.subtle.importKey('raw', bytesOf(raw), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, signature, signed);
}

/**
 * Checks that a signer of the institution certified just this: this customer's lock, this half, this key.
 * `issuers` are the platform signers' keys of the officers' manifest, raw.
 * @throws KeyringError `certificate_malformed`, `certificate_not_of_institution`, `certificate_of_another_key`.
 */
export async function verifyLockCertificate(
  der: Uint8Array,
  facts: LockCertificateFacts,
  issuers: readonly Uint8Array[],
): Promise<void> {
  const certificate = read(der);
  const answers = await Promise.all(issuers.map((issuer) => signedBy(issuer, certificate)));
  if (!answers.includes(true)) {
    throw new KeyringError(
      'certificate_not_of_institution',
      'No signer of the institution issued this certificate.',
    );
  }
  const fits =
    certificate.uri === uriOf(facts) &&
    isCertificateFor(der, facts.use) &&
    sameBytes(certificate.spki, facts.spki);
  if (!fits) {
    throw new KeyringError('certificate_of_another_key', 'The certificate is for another lock or key.', {
      details: { expected: uriOf(facts), found: certificate.uri },
    });
  }
}
