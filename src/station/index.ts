export { StationError, type StationErrorCode } from './errors.ts';
export { readDocument, writeDocument } from './documents.ts';
export {
  initStation,
  openStation,
  replaceSite,
  unlockStation,
  type Station,
  type StationRole,
  type TrustTexts,
} from './station.ts';
export { checkBackups, type BackupReport, type SiteReport } from './check-backups.ts';
export { restoreSite } from './restore-site.ts';
export { disasterSource, nestedSource, rewrapKeys, type KeySource } from './rewrap.ts';
export { rewrapPlatformKeys, type PlatformSource } from './rewrap-platform.ts';
export { checkKeyTransport, returnKeys } from './return-keys.ts';
export { requireCurrentMasters } from './officer-masters.ts';
export { attestsBy, loadManifest, manifestInForce } from './manifests.ts';
export { generateKeys } from './pool.ts';
export { changeLock, parseCredentialPin, pinCredential } from './credentials.ts';
export { parseRegistrationFile, pinnedWallet, registerWallet } from './wallets.ts';
export {
  amountLeaving,
  checkBundle,
  confirmationDigits,
  requireConfirmation,
  requireSignable,
  signBundle,
  type SignableBundle,
  type SigningOccasion,
} from './sign-bundle.ts';
export { loadFreezeStatus } from './freeze-status.ts';
export {
  BUNDLE_FORMATS,
  bundleFiles,
  newestStatusFile,
  encodeBundle,
  readBundleFile,
  type BundleFormat,
} from './bundle-files.ts';
export { inspectBundle } from './describe-bundle.ts';
export {
  createCustomerKey,
  openCustomerKey,
  parseCustomerKeyFile,
  publicKeyOf,
  signatureBy,
} from './customer-key.ts';
export { signForCustomer } from './customer-sign.ts';
export { escrowSeed, type EscrowWishes } from './escrow-seed.ts';
export { openAsAgent, openEscrowed, parseEscrowLayer } from './escrow-agent.ts';
export {
  describeManifest,
  draftManifest,
  parseManifestContent,
  parseManifestDraft,
  signManifest,
} from './officer-manifest.ts';
export { parseCeremonyPlan, type CeremonyPlan } from './ceremony-plan.ts';
export type { CeremonyDesk } from './ceremony-room.ts';
export { holdCeremony } from './hold-ceremony.ts';
export { checkCeremony, type CheckedCeremony } from './check-ceremony.ts';
export { keyOfShares, openShare, parseShare, type DisasterShare, type ShareHead } from './disaster-share.ts';
export { readSignedText } from './device-export.ts';
export {
  attestDeviceKey,
  challengeDevice,
  deviceAttestation,
  deviceOf,
  isOwnDeviceKey,
  type DeviceOwner,
} from './device-keys.ts';
export { bundleFromDevice, psbtForDevice, requireForDevice } from './device-sign.ts';
export { machineWarnings } from './machine.ts';
