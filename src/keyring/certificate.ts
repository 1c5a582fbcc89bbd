import { createHash, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { KeyringError } from './errors.ts';
import { masterPublicKey, type MasterPrivateKey, type MasterPublicKey } from './master-key.ts';

/** What the holder of a certificate may use its key for. The root's key signs certificates and nothing else. */
export const CERTIFICATE_ROLES = [
  'root',
  'cold-master-a',
  'cold-master-b',
  'backup-master-a',
  'backup-master-b',
  'platform-master-a',
  'platform-master-b',
  'manifest-officer',
] as const;
export type CertificateRole = (typeof CERTIFICATE_ROLES)[number];

/** An X.509 certificate of the institution, read; who issued it is proven by `verifyCertificate` only. */
export interface OfficerCertificate {
  readonly der: Buffer;
  /** SHA-256 of the DER, 64 hex digits. */
  readonly fingerprint: string;
  readonly institution: string;
  readonly person: string;
  readonly role: CertificateRole;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: MasterPublicKey;
}

export interface CertificateWishes {
  readonly institution: string;
  readonly person: string;
  readonly nowMs: number;
  readonly days: number;
}

const DAY_MS = 24 * 3_600_000;
/** A clock that is a little slow must not refuse what was just issued. */
const CLOCK_SLACK_MS = 3_600_000;
const ROLE_URI = 'urn:trilock:role:';
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
const URI_NAME = 6;
const MAX_NAME = 64;

function nameOf({ institution, person }: Pick<CertificateWishes, 'institution' | 'person'>) {
  const utf8 = forge.asn1.Type.UTF8 as unknown as forge.asn1.Class;
  for (const text of [institution, person]) {
    if (text === '' || text.length > MAX_NAME) {
      throw new KeyringError('certificate_malformed', 'A name in a certificate has 1 to 64 characters.');
    }
  }
  return [
    { shortName: 'O', value: institution, valueTagClass: utf8 },
    { shortName: 'CN', value: person, valueTagClass: utf8 },
  ];
}

function usageOf(role: CertificateRole): Record<string, unknown> {
  if (role === 'root') return { keyCertSign: true, digitalSignature: true };
  return role === 'manifest-officer' ? { digitalSignature: true } : { keyEncipherment: true };
}

/** Positive, not zero, 16 bytes (RFC 5280 section 4.1.2.2). */
function newSerial(): string {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial.toString('hex');
}

interface Issue extends CertificateWishes {
  readonly role: CertificateRole;
  readonly subjectKey: KeyObject;
  readonly issuer: ReturnType<typeof nameOf>;
  readonly issuerKey: KeyObject;
}

/** Left out of forge's types. */
interface Tbs {
  readonly getTBSCertificate: (certificate: forge.pki.Certificate) => forge.asn1.Asn1;
}

/** Forge lays out the certificate; the signature is OpenSSL's, so that no private key enters JavaScript. */
function issue(wishes: Issue): Buffer {
  const { role, subjectKey, issuer, issuerKey, nowMs, days } = wishes;
  const { asn1, pki } = forge;
  const certificate = pki.createCertificate();
  certificate.serialNumber = newSerial();
  certificate.publicKey = pki.publicKeyFromPem(subjectKey.export({ format: 'pem', type: 'spki' }).toString());
  certificate.validity.notBefore = new Date(nowMs - CLOCK_SLACK_MS);
  certificate.validity.notAfter = new Date(nowMs + days * DAY_MS);
  certificate.setSubject(nameOf(wishes));
  certificate.setIssuer(issuer);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: role === 'root', critical: true },
    { name: 'keyUsage', critical: true, ...usageOf(role) },
    { name: 'subjectAltName', altNames: [{ type: URI_NAME, value: `${ROLE_URI}${role}` }] },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.signatureOid = SHA256_WITH_RSA;
  certificate.siginfo.algorithmOid = SHA256_WITH_RSA;
  const toBeSigned = (pki as typeof pki & Tbs).getTBSCertificate(certificate);
  const bytes = Buffer.from(asn1.toDer(toBeSigned).getBytes(), 'latin1');
  certificate.tbsCertificate = toBeSigned;
  certificate.signature = sign('sha256', bytes, issuerKey).toString('latin1');
  return Buffer.from(asn1.toDer(pki.certificateToAsn1(certificate)).getBytes(), 'latin1');
}

/** The institution's root: self-signed by its own key. @throws KeyringError `certificate_malformed`. */
export function issueRoot(wishes: CertificateWishes, root: MasterPrivateKey): OfficerCertificate {
  const issuer = nameOf(wishes);
  const subjectKey = root.key;
  return readCertificate(issue({ ...wishes, role: 'root', subjectKey, issuer, issuerKey: root.privateKey }));
}

/** An officer's certificate under the root. It never outlives the root. @throws KeyringError `certificate_malformed`. */
export function issueCertificate(
  wishes: Omit<CertificateWishes, 'institution'> & { readonly role: Exclude<CertificateRole, 'root'> },
  publicKey: MasterPublicKey,
  root: { readonly certificate: OfficerCertificate; readonly key: MasterPrivateKey },
): OfficerCertificate {
  const { institution, person, notAfterMs } = root.certificate;
  const days = Math.min(wishes.days, Math.floor((notAfterMs - wishes.nowMs) / DAY_MS));
  if (days < 1) {
    throw new KeyringError('certificate_expired', 'The institution’s root expires: it issues nothing more.');
  }
  const issuer = nameOf({ institution, person });
  const keys = { subjectKey: publicKey.key, issuerKey: root.key.privateKey };
  return readCertificate(issue({ ...wishes, ...keys, institution, days, issuer }));
}

function malformed(): KeyringError {
  return new KeyringError('certificate_malformed', 'This is not a certificate of an institution.');
}

function roleOf(certificate: X509Certificate): CertificateRole {
  const name = certificate.subjectAltName ?? '';
  const role = CERTIFICATE_ROLES.find((known) => name === `URI:${ROLE_URI}${known}`);
  if (role === undefined || certificate.ca !== (role === 'root')) throw malformed();
  return role;
}

function parse(bytes: Buffer | string): { readonly certificate: X509Certificate; readonly key: KeyObject } {
  try {
    const certificate = new X509Certificate(bytes);
    return { certificate, key: certificate.publicKey };
  } catch {
    throw malformed();
  }
}

/** Reads a certificate, PEM or DER. @throws KeyringError `certificate_malformed`, `master_key_refused`. */
export function readCertificate(bytes: Buffer | string): OfficerCertificate {
  const { certificate, key } = parse(bytes);
  const { O: institution, CN: person } = certificate.toLegacyObject().subject as {
    O?: unknown;
    CN?: unknown;
  };
  if (typeof institution !== 'string' || typeof person !== 'string') throw malformed();
  return {
    der: certificate.raw,
    fingerprint: createHash('sha256').update(certificate.raw).digest('hex'),
    institution,
    person,
    role: roleOf(certificate),
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
    publicKey: masterPublicKey(key),
  };
}

/** A certificate's file. */
export function certificatePem({ der }: OfficerCertificate): string {
  return new X509Certificate(der).toString();
}

/** @throws KeyringError `certificate_expired`, also before its time. */
export function requireCurrent(certificate: OfficerCertificate, nowMs: number): void {
  if (certificate.notBeforeMs <= nowMs && nowMs < certificate.notAfterMs) return;
  throw new KeyringError(
    'certificate_expired',
    `The certificate of ${certificate.person} (${certificate.role}) is valid from ${new Date(certificate.notBeforeMs).toISOString()} to ${new Date(certificate.notAfterMs).toISOString()}, not now.`,
    { details: { role: certificate.role, fingerprint: certificate.fingerprint } },
  );
}

/**
 * Checks that the institution's root issued a certificate. Whether it is current is for {@link requireCurrent}.
 * @throws KeyringError `certificate_not_of_institution`.
 */
export function requireIssuedBy(certificate: OfficerCertificate, root: OfficerCertificate): void {
  const leaf = new X509Certificate(certificate.der);
  const issuer = new X509Certificate(root.der);
  if (root.role === 'root' && leaf.checkIssued(issuer) && leaf.verify(root.publicKey.key)) return;
  throw new KeyringError(
    'certificate_not_of_institution',
    `The certificate of ${certificate.person} (${certificate.role}) was not issued by the institution’s root.`,
    { details: { fingerprint: certificate.fingerprint, root: root.fingerprint } },
  );
}

/** @throws KeyringError `certificate_of_another_role`. */
export function requireRole(certificate: OfficerCertificate, role: CertificateRole): void {
  if (certificate.role === role) return;
  throw new KeyringError(
    'certificate_of_another_role',
    `The certificate of ${certificate.person} is for ${certificate.role}, not for ${role}.`,
  );
}
