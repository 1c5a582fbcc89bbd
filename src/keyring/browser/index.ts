export {
  certifyMasterLock,
  createMasterLock,
  openMasterLock,
  type LockCertificates,
  type MasterLock,
} from './master-lock-file.ts';
export {
  issueLockCertificate,
  issuerCertificate,
  lockOfCertificate,
  verifyLockCertificate,
  type CertificateIssuer,
  type LockCertificateFacts,
} from './lock-certificate.ts';
export { newKeyEntropy, seedOfKeyEntropy } from './bip39.ts';
export { openWithLock, sealToLock } from './seal-to-lock.ts';
