export { StationError, type StationErrorCode } from './errors.ts';
export { readDocument, writeDocument } from './documents.ts';
export { initStation, openStation, unlockStation, type Station, type StationRole } from './station.ts';
export { attestsBy, followManifests, loadManifest, manifestInForce } from './manifests.ts';
export { generateKeys } from './pool.ts';
export { parseCredentialPin, pinCredential } from './credentials.ts';
export { parseRegistrationFile, registerWallet } from './wallets.ts';
export {
  amountLeaving,
  checkBundle,
  confirmationDigits,
  requireConfirmation,
  requireSignable,
  signBundle,
  type SignableBundle,
} from './sign-bundle.ts';
export { describeVerified, inspectBundle } from './describe-bundle.ts';
export {
  createCustomerKey,
  openCustomerKey,
  parseCustomerKeyFile,
  publicKeyOf,
  signatureBy,
} from './customer-key.ts';
export { checkForCustomer, signForCustomer } from './customer-sign.ts';
export {
  describeManifest,
  draftManifest,
  parseManifestContent,
  parseManifestDraft,
  signManifest,
} from './officer-manifest.ts';
export { parseCeremonyPlan, type CeremonyPlan } from './ceremony-plan.ts';
export { holdCeremony, type CeremonyDesk } from './hold-ceremony.ts';
export { checkCeremony, type CheckedCeremony } from './check-ceremony.ts';
export { keyOfShares, openShare, parseShare, type DisasterShare, type ShareHead } from './disaster-share.ts';
export { machineWarnings } from './machine.ts';
