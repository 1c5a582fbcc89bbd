import type { FeeRate, Satoshis } from '../../shared/index.ts';
import type { WalletPosition } from '../descriptors/derive-address.ts';
import type { WalletDescriptor } from '../descriptors/wallet-descriptor.ts';
import type { Psbt } from '../psbt/psbt.ts';
import type { SelectableCoin } from '../selection/coin.ts';
import type { ChainTip } from '../selection/locktime.ts';
import type { RandomSource } from '../selection/random-source.ts';
import type { SpendLimits } from './spend-limits.ts';

/** An unspent output of a wallet, with all that is needed to spend it. */
export interface WalletCoin extends SelectableCoin {
  /** Where in the wallet its script derives. */
  readonly position: WalletPosition;
  /** The whole transaction that made it, with or without witnesses: signers check the value by it. */
  readonly previousTransaction: Uint8Array;
}

export interface Payment {
  readonly scriptPubKey: Uint8Array;
  readonly value: Satoshis;
}

/** What every builder must be told. */
export interface SpendContext {
  readonly wallet: WalletDescriptor;
  /** The first unused index of the change branch; several transactions take consecutive ones. */
  readonly changeIndex: number;
  readonly feeRate: FeeRate;
  readonly limits: SpendLimits;
  readonly tip: ChainTip;
  readonly nowMs: number;
  readonly random: RandomSource;
}

export interface SpendChange {
  readonly outputIndex: number;
  readonly position: WalletPosition;
  readonly value: Satoshis;
}

/** An unsigned transaction that passed every check, ready for its signers. */
export interface BuiltSpend {
  readonly psbt: Psbt;
  /** Segwit: the signatures will not change it. */
  readonly txid: string;
  /** In the order of the inputs. */
  readonly coins: readonly WalletCoin[];
  readonly payments: readonly Payment[];
  readonly change: SpendChange | null;
  readonly fee: Satoshis;
  /** Upper bound on the signed weight. */
  readonly weight: number;
}
