import type { NetworkName, Payment } from '../../bitcoin/index.ts';
import type { CustomerId, Satoshis } from '../../shared/index.ts';
import type { SpendIntent } from '../intent-contract.ts';
import type { Manifest } from '../manifest-contract.ts';

/** The wallet whose coins an intent spends. */
export interface SpendSource {
  readonly wallet: string;
  readonly descriptorHash: string;
  /** Whose wallet it must be: a customer's, or the institution's own (null). */
  readonly owner: string | null;
}

/** What stops an intent from being signed, besides its own revocation. */
export interface Stops {
  /** Those whose restrictions stop it. */
  readonly customers: readonly CustomerId[];
  /** Whether a tripped circuit breaker stops it. */
  readonly breaker: boolean;
}

/** What must be known of a kind of intent that a transaction carries out. */
export interface SpendRules<Kind extends SpendIntent = SpendIntent> {
  source(intent: Kind): SpendSource;
  /** Everything that the transaction pays; what is left returns to the wallet that it spends. */
  outputs(intent: Kind, network: NetworkName): readonly Payment[];
  maxFee(intent: Kind): Satoshis;
  stops(intent: Kind): Stops;
  /** The very coins that it spends, all of them and no others (`txid:vout`); any of the wallet's without it. */
  coins?(intent: Kind): readonly string[];
  /** Whether several intents of the kind may share one transaction. */
  readonly shares: boolean;
  /** What only the officers' manifest can tell. @throws IntentError. */
  admit?(intent: Kind, manifest: Manifest): void;
  /** What it is to do, in the words of whoever asks, before anything of it is checked; a sentence each. */
  asWritten(intent: Kind): readonly string[];
}
