export { WalletError, type WalletErrorCode } from './errors.ts';
export { isWalletPlan, OPENABLE_PLANS, WALLET_STATES, type Wallet, type WalletState } from './wallet.ts';
export type { PlatformSigner, SecondSigner } from './platform-signer.ts';
export { BITCOIN_ASSET, type AddressParts, type ManifestSource, type WalletParts } from './wallet-parts.ts';
export { COMMAND_LINE, type Cause } from './wallet-audit.ts';
export { importPool, LOW_POOL, lowPools, poolLevels, registerPoolMetric } from './key-pool.ts';
export { addSigningCredential, signingCredentialsOf, type SigningCredential } from './signing-credentials.ts';
export { requestTreasury, requestWallet, type WalletRequest } from './request-wallet.ts';
export { replacementOf } from './replacement.ts';
export { requireRotatable, rotateWallet, type RotationRequest } from './rotate-wallet.ts';
export { readHotTreasury, readTreasury, readWallet, readWalletOf, vaultWalletsOf } from './wallet-store.ts';
export { readStationRegistration, type StationRegistration } from './registration.ts';
export { keepEscrow } from './escrow.ts';
export { issueRecoveryKit, type IssuedKit } from './recovery-kit.ts';
export { stepWallets } from './wallet-jobs.ts';
export type { OpeningParts } from './open-wallet.ts';
export {
  addressOf,
  descriptorOf,
  explainAddress,
  giveAddress,
  LOOKAHEAD,
  markFound,
  takeChangeAddress,
  ungivenAmong,
  type GivenAddress,
} from './addresses.ts';
export {
  addOwnChange,
  releaseCoins,
  reserveCoins,
  restoreOwnChange,
  setWithheld,
  spendableCoins,
  spendsOf,
  withholdOwnChange,
  type OwnChange,
  type SpendableCoin,
  type SpendEvent,
} from './coins.ts';
export { proveAddress, type ProvenAddress } from './prove-address.ts';
export { connectCoins, disconnectCoins, type FoundPayment } from './coin-facts.ts';
export { WatchedScripts } from './watched-scripts.ts';
export { readBalances, type Balance } from './ledger-accounts.ts';
export { reconcileWallet, type Reconciliation } from './reconcile-wallet.ts';
export { latestTry, nextTry } from './backoff.ts';
export { walletErrorMap } from './wallet-error-map.ts';
export { walletRoutes } from './wallet-routes.ts';
export { listWallets } from './list-wallets.ts';
