import type { DatabaseTransaction } from '../database/index.ts';
import type { Intent, Manifest, PolicyEvidence, QuorumRule } from '../intents/index.ts';

/** What must happen before an intent is carried out. */
export type PolicyOutcome =
  | {
      readonly outcome: 'approvals';
      /** Each of them must be met. The manifest's own comes first, since the signer counts by it. */
      readonly rules: readonly [QuorumRule, ...QuorumRule[]];
      /** Between the last approval and carrying out. */
      readonly coolingOffMs: number;
      /** Why, in words. */
      readonly because: readonly string[];
    }
  | { readonly outcome: 'deny'; readonly reason: string };

/** Says what an intent needs. The policy engine implements it; whatever nobody allowed is denied. */
export interface ApprovalPolicy {
  /** The version in force and its hash, which new intents name as the one they were written under. */
  current(tx: DatabaseTransaction): Promise<{ readonly number: number; readonly hash: string }>;
  evaluate(tx: DatabaseTransaction, intent: Intent, manifest: Manifest): Promise<PolicyOutcome>;
  /** The same for one that is judged the first time, and from then on counts in what is measured. May be repeated. */
  admit(tx: DatabaseTransaction, intent: Intent, manifest: Manifest): Promise<PolicyOutcome>;
  /** The texts of these versions, and by whose word they came into force. */
  evidence(tx: DatabaseTransaction, versions: readonly number[]): Promise<readonly PolicyEvidence[]>;
}
