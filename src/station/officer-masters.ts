import {
  parseMasterPublicKey,
  readCertificate,
  requireCurrent,
  requireIssuedBy,
  requireRole,
  requireTwoMasters,
  type MasterPublicKey,
  type Masters,
  type OfficerCertificate,
} from '../keyring/index.ts';
import { StationError } from './errors.ts';

/** Public halves as files give them: certificates under a root, or bare public keys. PEM. */
export interface MasterTexts {
  readonly inner: string;
  readonly outer: string;
}

/** The two masters that a station wraps to, with the certificates that say until when. */
export interface OfficerMasters {
  readonly masters: Masters;
  /** Null for bare public keys, which never expire. */
  readonly certificates: { readonly inner: OfficerCertificate; readonly outer: OfficerCertificate } | null;
}

function isCertificate(pem: string): boolean {
  return pem.includes('-----BEGIN CERTIFICATE-----');
}

/**
 * Reads the masters of a role. With a root, both are its certificates for that role, A inside and B outside.
 * Whether they are current is for {@link requireCurrentMasters}.
 * @throws StationError `masters_without_root`; KeyringError `certificate_…`, `master_key_…`, `masters_not_distinct`.
 */
export function readMasters(
  role: 'cold' | 'backup',
  { inner, outer }: MasterTexts,
  root: OfficerCertificate | null,
): OfficerMasters {
  if (root === null) {
    if (isCertificate(inner) || isCertificate(outer)) {
      throw new StationError(
        'masters_without_root',
        'Certificates are checked against the institution’s root: give it.',
      );
    }
    const masters = { inner: parseMasterPublicKey(inner), outer: parseMasterPublicKey(outer) };
    requireTwoMasters(masters);
    return { masters, certificates: null };
  }
  const certificates = { inner: readCertificate(inner), outer: readCertificate(outer) };
  requireRole(certificates.inner, `${role}-master-a`);
  requireRole(certificates.outer, `${role}-master-b`);
  for (const certificate of [certificates.inner, certificates.outer]) requireIssuedBy(certificate, root);
  const masters = { inner: certificates.inner.publicKey, outer: certificates.outer.publicKey };
  requireTwoMasters(masters);
  return { masters, certificates };
}

/** @throws KeyringError `certificate_expired`. */
export function requireCurrentMasters(
  { certificates }: Pick<OfficerMasters, 'certificates'>,
  nowMs: number,
): void {
  if (certificates === null) return;
  requireCurrent(certificates.inner, nowMs);
  requireCurrent(certificates.outer, nowMs);
}

/** @throws KeyringError `certificate_…`. */
export function readRoot(pem: string | undefined): OfficerCertificate | null {
  if (pem === undefined) return null;
  const root = readCertificate(pem);
  requireIssuedBy(root, root);
  return root;
}

/** @throws KeyringError `master_key_…`; StationError `disaster_key_not_apart` when a master's holder would have it. */
export function readDisasterKey(pem: string | undefined, { inner, outer }: Masters): MasterPublicKey | null {
  if (pem === undefined) return null;
  const key = parseMasterPublicKey(pem);
  if ([inner.fingerprint, outer.fingerprint].includes(key.fingerprint)) {
    throw new StationError('disaster_key_not_apart', 'The disaster key is one of the masters.');
  }
  return key;
}
