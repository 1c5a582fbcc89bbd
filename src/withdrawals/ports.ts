import type { WalletCoin, WalletDescriptor } from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type {
  Abandonment,
  Manifest,
  PublicKey,
  SigningBundle,
  SigningReceipt,
  WalletPlan,
} from '../intents/index.ts';
import type { CustomerId, PayoutId, Satoshis, WalletId } from '../shared/index.ts';

/** A wallet that can be spent from, as it is registered. */
export interface SourceWallet {
  readonly id: WalletId;
  readonly name: string;
  readonly plan: WalletPlan;
  /** Null for the treasury. */
  readonly customer: CustomerId | null;
  readonly descriptor: WalletDescriptor;
  /** Cosigner role of each key, in the descriptor's order. */
  readonly keyNames: readonly string[];
}

/** What the followed chain says of a coin that a block has spent. */
export interface CoinSpending {
  /** `txid:vout`. */
  readonly outpoint: string;
  readonly byTxid: string;
  readonly height: number;
}

/** What withdrawals need of wallets. All of it runs in the caller's transaction. */
export interface WalletsPort {
  /** An open wallet; undefined when there is none. */
  wallet(tx: DatabaseTransaction, id: WalletId): Promise<SourceWallet | undefined>;
  treasury(tx: DatabaseTransaction): Promise<SourceWallet | undefined>;
  /** The treasury wallet that two signers spend without a station. */
  hotTreasury(tx: DatabaseTransaction): Promise<SourceWallet | undefined>;
  /** What its coins that may be spent now and are not reserved come to. */
  spendable(tx: DatabaseTransaction, wallet: WalletId): Promise<Satoshis>;
  /** The customer's open vaults, oldest first; those that another has replaced come last. */
  vaultsOf(tx: DatabaseTransaction, customer: CustomerId): Promise<readonly SourceWallet[]>;
  /** A fresh receive address that credits this customer. */
  freshAddress(tx: DatabaseTransaction, wallet: WalletId, customer: CustomerId): Promise<string>;
  /** Coins that may be spent now and are not reserved: confirmed ones, and own change that waits in the mempool. */
  coins(tx: DatabaseTransaction, wallet: WalletId): Promise<readonly WalletCoin[]>;
  /** The coins of these outpoints (`txid:vout`), whatever their reservation. */
  coinsOf(
    tx: DatabaseTransaction,
    wallet: WalletId,
    outpoints: readonly string[],
  ): Promise<readonly WalletCoin[]>;
  /** Sets coins aside; throws when one is not free. Again for the same payout: prolongs. */
  reserve(
    tx: DatabaseTransaction,
    reservation: {
      readonly payout: PayoutId;
      readonly wallet: WalletId;
      readonly outpoints: readonly string[];
      readonly until: Date;
    },
  ): Promise<void>;
  release(tx: DatabaseTransaction, payout: PayoutId): Promise<void>;
  /** Notes own change before a block has it; again, it changes nothing. */
  addChange(
    tx: DatabaseTransaction,
    change: {
      readonly wallet: WalletId;
      readonly txid: string;
      readonly vout: number;
      /** Its place on the change branch. */
      readonly index: number;
      readonly value: Satoshis;
    },
  ): Promise<void>;
  /** The change of this transaction is not spent, or is again, while no block has it. */
  withholdChange(tx: DatabaseTransaction, txid: string, withheld: boolean): Promise<void>;
  /** A change index that was never given out. */
  nextChangeIndex(tx: DatabaseTransaction, wallet: WalletId): Promise<number>;
  /** Which of these coins a block has spent. */
  spendings(tx: DatabaseTransaction, outpoints: readonly string[]): Promise<readonly CoinSpending[]>;
}

/** Whom to believe about approvers and customers' keys: as the signer has it. */
export interface TrustPort {
  manifest(): Promise<Manifest>;
  credentialsOf(customer: CustomerId): Promise<ReadonlyMap<string, PublicKey>>;
}

/** What the signer that completes a transaction answers. */
export interface CompletedBySigner {
  /** BIP174, base64, complete. */
  readonly psbt: string;
  readonly txid: string;
  /** What was checked, for whoever checks it again later. */
  readonly receipt: SigningReceipt;
}

/** The two signers of a wallet that needs no station. */
export interface SignerPair {
  /** The first checks a bundle that nobody has signed yet, and signs first. */
  cosign(bundle: SigningBundle): Promise<{ readonly psbt: string; readonly txid: string }>;
  /** The second checks it again, by its own record, and signs last. */
  complete(bundle: SigningBundle): Promise<CompletedBySigner>;
}

/** The platform cosigner, in a process of its own. Each call may be repeated and answers the same. */
export interface CosignerPort {
  /** Checks a bundle that the other cosigner has signed, and signs last. */
  sign(bundle: SigningBundle): Promise<CompletedBySigner>;
  /** Afterwards the transaction is never signed, and the statement says so; null when a signature for it left before. */
  abandon(txid: string, reason: string): Promise<{ readonly abandonment: Abandonment | null }>;
  /** Afterwards the intent is never signed; the transactions for which a signature left before. */
  revoke(intentHash: string, reason: string): Promise<{ readonly signed: readonly string[] }>;
  /** Where there are two signers; what is given up and revoked then reaches both. */
  readonly pair?: SignerPair | undefined;
}
