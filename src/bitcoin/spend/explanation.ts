import type { WalletPosition } from '../descriptors/derive-address.ts';
import type { WalletDescriptor } from '../descriptors/wallet-descriptor.ts';

/** A wallet that the reader knows, and what the reader calls it and its keys. */
export interface KnownWallet {
  readonly name: string;
  readonly descriptor: WalletDescriptor;
  /** In the order of the descriptor's keys; a key without a name goes by its fingerprint. */
  readonly keyNames?: readonly string[];
}

export interface ExplainedInput {
  /** `txid:vout`. */
  readonly outpoint: string;
  /** Satoshis, or null when the PSBT does not say. */
  readonly value: bigint | null;
  /** Whether the previous transaction proves the value. */
  readonly proven: boolean;
  /** Name of the known wallet whose descriptor derives the script, or null. */
  readonly wallet: string | null;
  readonly position: WalletPosition | null;
}

export interface ExplainedOutput {
  readonly outputIndex: number;
  /** Null when the script has no address that wallets show. */
  readonly address: string | null;
  readonly scriptHex: string;
  readonly value: bigint;
  readonly wallet: string | null;
  readonly position: WalletPosition | null;
}

export interface ExplainedSigner {
  readonly wallet: string;
  readonly key: string;
  readonly fingerprint: string;
  /** Inputs that carry a signature by this key which was verified. */
  readonly signedInputs: number;
  readonly inputs: number;
}

/** Things that a careful person would ask about. Closed codes, so that a program can refuse by them. */
export type OddityCode =
  | 'input_unknown'
  | 'input_value_unproven'
  | 'input_foreign'
  | 'several_wallets'
  | 'payment_to_own_wallet'
  | 'several_change_outputs'
  | 'change_index_far'
  | 'output_without_address'
  | 'output_dust'
  | 'outputs_exceed_inputs'
  | 'fee_unknown'
  | 'fee_rate_high'
  | 'fee_rate_low'
  | 'fee_share_high'
  | 'fee_not_replaceable'
  | 'sighash_not_all'
  | 'signature_invalid'
  | 'signature_foreign'
  | 'locktime_is_time'
  | 'transaction_version_unusual'
  | 'transaction_heavy';

export interface Oddity {
  readonly code: OddityCode;
  /** In plain words. */
  readonly text: string;
}

export interface Explanation {
  readonly txid: string;
  readonly inputs: readonly ExplainedInput[];
  /** Everything that is not change: who is paid. */
  readonly payments: readonly ExplainedOutput[];
  /** What returns to the change branch of a wallet that is spent from. */
  readonly change: readonly ExplainedOutput[];
  readonly paid: bigint;
  /** Null when the value of an input is not known. */
  readonly fee: bigint | null;
  /** Hundredths of a percent of what is paid; null when nothing is. */
  readonly feeBasisPoints: number | null;
  /** Satoshis per 1000 virtual bytes over the signed size at most; null when it cannot be told. */
  readonly feeRateSatsPerKvb: bigint | null;
  readonly virtualBytes: number | null;
  /** The transaction is not valid in a block at or below this height; 0 means at once. */
  readonly locktime: number;
  readonly signers: readonly ExplainedSigner[];
  /** Whether every input carries as many verified signatures as its wallet asks for. */
  readonly complete: boolean;
  readonly oddities: readonly Oddity[];
  /** The whole in plain words, a sentence each, oddities last. */
  readonly lines: readonly string[];
}

/** What is explained before anything is judged or put into words. */
export type ExplainedFacts = Omit<Explanation, 'oddities' | 'lines'>;
