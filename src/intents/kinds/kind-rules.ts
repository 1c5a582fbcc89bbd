import type { CustomerId, Satoshis } from '../../shared/index.ts';
import type { Intent } from '../intent-contract.ts';

/**
 * What the approvals are counted by: the rule that the manifest has for the kind, its rule for an amount, or the
 * quorum of the officers themselves. With `none` the system acts by itself: nobody asks and nobody approves.
 */
export type Quorum = 'control' | 'amount' | 'officers' | 'none';

/** What must be known of a kind of intent to explain, check and count the signatures of one. */
export interface KindRules<Kind extends Intent = Intent> {
  readonly quorum: Quorum;
  /** Where it differs within the kind. */
  quorumFor?(intent: Kind): Quorum;
  /** The customer whose pinned credentials sign for asking; without it staff sign, with their key of the manifest. */
  signedBy?(intent: Kind): CustomerId;
  /** In plain words, a sentence each, from the intent's own bytes and nothing else. */
  explain(intent: Kind): readonly string[];
  /** Accounts, besides whoever asks, whose people do not approve. */
  interested(intent: Kind): readonly string[];
  /** The amount by which a quorum is chosen; nothing for a kind that has no such rule. */
  atStake?(intent: Kind): Satoshis;
  /** What the schema cannot say. @throws IntentError `intent_malformed`. */
  check?(intent: Kind): void;
}
