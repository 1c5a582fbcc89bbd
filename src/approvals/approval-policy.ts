import type { Intent, Manifest, QuorumRule } from '../intents/index.ts';

/** What must happen before an intent is carried out. */
export type PolicyOutcome =
  | {
      readonly outcome: 'approvals';
      /** Never weaker than the manifest's rule for it, since the signer counts by the manifest. */
      readonly rule: QuorumRule;
      /** Between the last approval and carrying out. */
      readonly coolingOffMs: number;
    }
  | { readonly outcome: 'deny'; readonly reason: string };

/** Says what an intent needs. The policy engine implements it; whatever nobody allowed is denied. */
export interface ApprovalPolicy {
  /** The version that intents name as the one they were written under. */
  readonly version: number;
  evaluate(intent: Intent, manifest: Manifest): PolicyOutcome | Promise<PolicyOutcome>;
}
