export { abandonedTransactions, abandonmentDigest, verifySecondAbandonment } from './abandonment.ts';
export * from './abandonment-contract.ts';
export {
  quorumRuleFor,
  requesterKeys,
  ruleFor,
  statementDigest,
  verifyApproval,
  verifyApprovals,
  verifyRequest,
  verifyStaffRequest,
  type StaffRequest,
} from './approval.ts';
export * from './approval-contract.ts';
export { delegationDigest, delegationHash } from './delegation.ts';
export * from './delegation-contract.ts';
export { fromBase64Url, toBase64Url } from './base64url.ts';
export { IntentError, type IntentErrorCode } from './errors.ts';
export {
  amountAtStake,
  askingCustomer,
  explainIntent,
  paymentsTotal,
  spendRulesOf,
  stopsOf,
} from './kinds/index.ts';
export * from './escrow-contract.ts';
export * from './fields-contract.ts';
export {
  checkIntentCurrent,
  intentHash,
  MAX_INTENT_LIFETIME_MS,
  parseIntent,
  withdrawalIntentOf,
} from './intent.ts';
export * from './intent-contract.ts';
export {
  acceptManifest,
  checkManifestCurrent,
  manifestDigest,
  manifestHash,
  parseManifest,
  parseSignedManifest,
  requireOfficers,
} from './manifest.ts';
export * from './manifest-contract.ts';
export { feeBearerOf, jointFeeCap, shareFee, type FeeBearer } from './share-fee.ts';
export * from './signature-contract.ts';
export { hashStatement, hex, taggedHash } from './tagged-hash.ts';
export { checkTravelRule } from './travel-rule.ts';
export { verifySignature } from './verify-signature.ts';
export * from './key-attestation-contract.ts';
export * from './signing-bundle-contract.ts';
export {
  deviceToken,
  isDeviceKey,
  keyStatementDigest,
  parseKeyAttestation,
  verifyKeyAttestation,
} from './key-attestation.ts';
export { descriptorHash } from './descriptor-hash.ts';
export {
  completingSigner,
  parseWalletRegistration,
  PLAN_KEYS,
  verifyWalletRegistration,
} from './wallet-registration.ts';
export * from './wallet-registration-contract.ts';
export { parseSigningBundle, verifyBundle, type BundleTrust, type VerifiedBundle } from './verify-bundle.ts';
export type { VerifiedVariant } from './check-variants.ts';
export * from './refill-allowance-contract.ts';
export { refillAllowanceDigest, verifyRefillAllowance } from './refill-allowance.ts';
export * from './registration-receipt-contract.ts';
export * from './restriction-contract.ts';
export * from './freeze-status-contract.ts';
export { freezeStatusDigest, verifyFreezeStatus } from './freeze-status.ts';
export * from './key-transport-contract.ts';
export { keyTransportDigest, verifyKeyTransport } from './key-transport.ts';
export {
  parseRegistrationReceipt,
  receiptDigest,
  registrationHash,
  verifyRegistrationReceipt,
} from './registration-receipt.ts';
export * from './signer-statements-contract.ts';
export { credentialPinDigest, signerResumeDigest } from './signer-statements.ts';
export * from './master-lock-contract.ts';
export {
  checkMasterLockCurrent,
  masterLockDigest,
  parseMasterLockRegistration,
  verifyMasterLock,
} from './master-lock.ts';
export {
  customerStatementDigest,
  needsMasterLock,
  parseCustomerStatement,
  verifyCustomerStatement,
  type StatementExpectation,
} from './customer-statement.ts';
export {
  lockSigner,
  makeCredentialPin,
  makeCustomerStatement,
  makeMasterLockRegistration,
  makeRequest,
  type CustomerSigner,
} from './sign-as-customer.ts';
export {
  makeCustomerKey,
  openCustomerKeyBackup,
  parseCustomerKeyBackup,
  type CustomerKeyBackup,
} from './customer-key.ts';
export {
  bundleTrust,
  checkForCustomer,
  cosignAsCustomer,
  followManifests,
  type CheckedForCustomer,
  type CustomerTrust,
} from './cosign.ts';
export { describeEntitled, describeVerified } from './describe-bundle.ts';
export { samePublicKey } from './public-key.ts';
export * from './audit-checkpoint-contract.ts';
export { auditCheckpointDigest, parseAuditCheckpoint, verifyAuditCheckpoint } from './audit-checkpoint.ts';
export * from './signing-receipt-contract.ts';
export { signingReceiptDigest, verifySigningReceipt } from './signing-receipt.ts';
export * from './evidence-contract.ts';
export { EvidenceError, link, refuseEvidence, type EvidenceErrorCode } from './evidence-error.ts';
export { policyDocumentHash } from './policy-document.ts';
export {
  parseWithdrawalEvidence,
  verifyWithdrawalEvidence,
  type EvidenceTrust,
  type VerifiedEvidence,
} from './verify-evidence.ts';
export { passkeyUseOf, type PasskeyUse } from './passkey-use.ts';
