export { BitcoinError, type BitcoinErrorCode } from './errors.ts';
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
export { accountKeyFromSeed, type AccountKey } from './keys/account-key.ts';
export { mnemonicOfEntropy, seedOfMnemonic } from './keys/seed.ts';
export { decodeScriptSignature, encodeScriptSignature } from './secp256k1/signature.ts';
export { psbtToBase64, serializePsbt, type Psbt } from './psbt/psbt.ts';
export { MAX_PSBT_BYTES, parsePsbt, parsePsbtBase64 } from './psbt/parse-psbt.ts';
export { combinePsbts } from './psbt/combine-psbt.ts';
export { extractTransaction, finalizePsbt } from './psbt/finalize-psbt.ts';
export { parseTransaction, serializeTransaction, transactionId } from './transactions/transaction-codec.ts';
