export { KeyringError, type KeyringErrorCode } from './errors.ts';
export { keyIdOf, newEntropy, seedOfEntropy } from './bip39-seed.ts';
export {
  createMasterKey,
  fingerprintOfSpki,
  generateMasterKey,
  masterPrivateKeyFrom,
  masterPublicKeyFrom,
  openMasterKey,
  masterPublicKeyOfSpki,
  parseMasterPublicKey,
  type MasterKeyFiles,
  type MasterPrivateKey,
  type MasterPublicKey,
} from './master-key.ts';
export {
  isForDisaster,
  openEnvelope,
  openInnerLayer,
  openOuterLayer,
  openForDisaster,
  openForTransport,
  readEnvelope,
  requireTwoMasters,
  sealEnvelope,
  sealForDisaster,
  sealForTransport,
  type Masters,
  type Unwrapper,
} from './envelope.ts';
export {
  certificatePem,
  issueCertificate,
  issueRoot,
  readCertificate,
  requireCurrent,
  requireIssuedBy,
  requireRole,
  CERTIFICATE_ROLES,
  type CertificateRole,
  type OfficerCertificate,
} from './certificate.ts';
export { encodeOfficerKey, looksLikePkcs12, openOfficerKey, type OfficerKey } from './pkcs12.ts';
export { joinShares, MIN_THRESHOLD, splitKey } from './disaster-key.ts';
export { fingerprintWords } from './fingerprint-words.ts';
export { requireOfficerPassphrase } from './passphrase.ts';
export { MAX_ENVELOPE_BYTES, type EnvelopeContext } from './envelope-format.ts';
export { eraseFile, fileRefusal, readRegularFile, replaceFile, writeNewFile } from './durable-file.ts';
export { resolveSites, writeToSites } from './backup-sites.ts';
export { isDemoKey } from './demo-keys.ts';
export { openWithPassphrase, sealWithPassphrase } from './passphrase-box.ts';
export {
  createAttestationKey,
  openAttestationKey,
  signWithMaster,
  type AttestationKey,
} from './signing-key.ts';
export { createSlotKey, openFileSlots, type SealedSlots } from './sealed-slots.ts';
