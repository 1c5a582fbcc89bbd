export { BitcoinError, type BitcoinErrorCode } from './errors.ts';
export * from './blocks/index.ts';
export { NETWORK_NAMES, networkOf, parseNetworkName, type Network, type NetworkName } from './network.ts';
export { secp256k1Status, selectSecp256k1, type Secp256k1Status } from './secp256k1/active.ts';
export { isCompressedPublicKey, publicKeyOf, signDigest, verifyDigest } from './secp256k1/signature.ts';
export {
  bip48Account,
  bip48Path,
  formatDerivationPath,
  parseDerivationPath,
  type DerivationPath,
} from './keys/derivation-path.ts';
export { formatKeyOrigin, parseKeyOrigin, type KeyOrigin } from './keys/key-origin.ts';
export {
  keyFingerprint,
  parseExtendedPublicKey,
  type ExtendedPublicKey,
} from './keys/extended-public-key.ts';
export { addDescriptorChecksum } from './descriptors/checksum.ts';
export { parseDescriptor } from './descriptors/parse-descriptor.ts';
export {
  branchDescriptorText,
  walletDescriptor,
  type Branch,
  type DescriptorKey,
  type WalletDescriptor,
} from './descriptors/wallet-descriptor.ts';
export {
  deriveAddress,
  deriveAddresses,
  deriveScriptPubKey,
  type DerivedAddress,
  type DerivedKey,
  type WalletPosition,
} from './descriptors/derive-address.ts';
export { WalletScripts } from './descriptors/wallet-scripts.ts';
export { addressOfScript, parseAddress, type Address, type AddressType } from './addresses/address.ts';
export { accountKeyFromExtendedPrivate, accountKeyFromSeed, type AccountKey } from './keys/account-key.ts';
export { formatMultisigSlip132 } from './keys/slip132.ts';
export { mnemonicOfEntropy, seedOfMnemonic } from './keys/seed.ts';
export { decodeScriptSignature, encodeScriptSignature } from './secp256k1/signature.ts';
export { psbtToBase64, serializePsbt, type Psbt } from './psbt/psbt.ts';
export { MAX_PSBT_BYTES, parsePsbt, parsePsbtBase64 } from './psbt/parse-psbt.ts';
export { combinePsbts } from './psbt/combine-psbt.ts';
export { extractTransaction, finalizePsbt } from './psbt/finalize-psbt.ts';
export {
  outpointOf,
  parseTransaction,
  serializeTransaction,
  transactionId,
} from './transactions/transaction-codec.ts';
export { MAX_UNCONFIRMED_ANCESTORS } from './selection/eligible-coins.ts';
export type { ChainTip } from './selection/locktime.ts';
export { systemRandom, type RandomSource } from './selection/random-source.ts';
export {
  dustThreshold,
  feeForTransactionWeight,
  MAX_STANDARD_WEIGHT,
  multisigInputWeight,
  outputWeight,
  transactionWeight,
  virtualSize,
} from './transactions/sizes.ts';
export { buildChildPaysForParent, type ChildRequest } from './spend/child-pays-for-parent.ts';
export { buildConsolidations, type ConsolidationRequest } from './spend/build-consolidations.ts';
export { buildSweeps, type SweepRequest } from './spend/build-sweeps.ts';
export { buildSpends, type SpendRequest } from './spend/build-spends.ts';
export { bumpFee, type FeeBumpRequest } from './spend/bump-fee.ts';
export { checkSpend, type CheckedSpend, type SpendExpectation } from './spend/check-spend.ts';
export { checkFinished, completeSpend, type CompletedSpend } from './spend/complete-spend.ts';
export { explain } from './spend/explain.ts';
export type { Explanation, KnownWallet, Oddity, OddityCode } from './spend/explanation.ts';
export { signPsbt } from './spend/sign-psbt.ts';
export { verifySignatures, type InputSigners } from './spend/signatures.ts';
export type { BuiltSpend, Payment, SpendChange, SpendContext, WalletCoin } from './spend/spend.ts';
export { DEFAULT_SPEND_LIMITS, MINIMUM_CHANGE, type SpendLimits } from './spend/spend-limits.ts';
export { provePossession, verifyPossession, type PossessionStatement } from './keys/possession.ts';
export { deviceText, verifyDevicePossession, type DeviceProof } from './keys/device-possession.ts';
export { splitKeyRecord, verifyKeyRecord } from './messages/key-record.ts';
export { parseDeviceSignature, verifyDeviceMessage } from './messages/device-message.ts';
export {
  combineMessageParts,
  signMessage,
  verifyMessagePart,
  type MessagePart,
} from './messages/sign-message.ts';
export { verifyMessage, type VerifiedMessage } from './messages/verify-message.ts';
