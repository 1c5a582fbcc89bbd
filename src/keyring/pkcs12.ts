import { createPrivateKey } from 'node:crypto';
import { readCertificate, type OfficerCertificate } from './certificate.ts';
import { encryptPkcs8 } from './encrypted-pkcs8.ts';
import { KeyringError } from './errors.ts';
import { masterPrivateKey, type MasterPrivateKey } from './master-key.ts';
import { wrongPassphrase } from './passphrase.ts';
import { sameBytes } from './browser/bytes.ts';
import { decodeBags, decodePfx, encodeBags, encodePfx, malformedPkcs12 } from './browser/pkcs12-format.ts';
import { macHolds, makeMac } from './browser/pkcs12-mac.ts';

/** An officer's key with the certificate that says what it is for. */
export interface OfficerKey {
  readonly key: MasterPrivateKey;
  readonly certificate: OfficerCertificate;
  /** Null in the root's own file. */
  readonly root: OfficerCertificate | null;
}

/** Whether a file begins as PKCS#12, and not as PEM. */
export function looksLikePkcs12(file: Buffer): boolean {
  return file[0] === 0x30;
}

/**
 * A key with its certificate as PKCS#12 (RFC 7292): the key under PBES2 with AES-256-CBC and PBKDF2-SHA-256 (600,000
 * rounds), HMAC-SHA-256 over all of it (200,000 rounds). `openssl pkcs12` of version 3 opens it. Takes about a second.
 * @throws KeyringError `passphrase_weak`.
 */
export function encodeOfficerKey({ key, certificate, root }: OfficerKey, passphrase: Buffer): Buffer {
  const id = Buffer.from(key.fingerprint, 'hex').subarray(0, 20);
  const name = `${certificate.person}, ${certificate.role}`;
  const content = encodeBags({
    keys: [{ name, id, encrypted: encryptPkcs8(key.privateKey, passphrase, 'pbkdf2') }],
    certificates: [{ id, der: certificate.der }, ...(root === null ? [] : [{ id: null, der: root.der }])],
  });
  return Buffer.from(encodePfx(content, makeMac(content, passphrase)));
}

function openKey(encrypted: Buffer, passphrase: Buffer): MasterPrivateKey {
  try {
    return masterPrivateKey(createPrivateKey({ key: encrypted, format: 'der', type: 'pkcs8', passphrase }));
  } catch (thrown) {
    if (thrown instanceof KeyringError) throw thrown;
    throw wrongPassphrase();
  }
}

/**
 * Opens an officer's file. What the certificate is worth is for the caller to check.
 * @throws KeyringError `pkcs12_malformed`, `passphrase_wrong` with one constant message, `certificate_malformed`,
 * `certificate_of_another_key`.
 */
export function openOfficerKey(file: Buffer, passphrase: Buffer): OfficerKey {
  const { content, mac } = decodePfx(file);
  if (!macHolds(content, passphrase, mac)) throw wrongPassphrase();
  const { keys, certificates } = decodeBags(content);
  const [bag, ...others] = keys;
  if (bag === undefined || others.length > 0) throw malformedPkcs12('it holds not just one key');
  const own = certificates.find(({ id }) => id !== null && sameBytes(id, bag.id));
  if (own === undefined) throw malformedPkcs12('the certificate of the key is missing');
  const certificate = readCertificate(Buffer.from(own.der));
  const key = openKey(Buffer.from(bag.encrypted), passphrase);
  if (certificate.publicKey.fingerprint !== key.fingerprint) {
    throw new KeyringError('certificate_of_another_key', 'The certificate in the file is for another key.');
  }
  const issuer = certificates.find(({ id }) => id === null);
  return { key, certificate, root: issuer === undefined ? null : readCertificate(Buffer.from(issuer.der)) };
}
