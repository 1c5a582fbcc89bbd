import { appendAudit } from '../audit/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { appendEvent, raiseAlert, type EventType } from '../events/index.ts';
import {
  IntentError,
  askingCustomer,
  checkIntentCurrent,
  checkManifestCurrent,
  requesterKeys,
  verifyApproval,
  verifyRequest,
  type Approval,
  type Intent,
  type IntentKind,
  type IntentOf,
  type Manifest,
  type PolicyEvidence,
  type RequestSignature,
} from '../intents/index.ts';
import {
  canonicalJson,
  crashPoint,
  idFromUuid,
  idToUuid,
  type IntentId,
  type JsonValue,
} from '../shared/index.ts';
import type { PolicyOutcome } from './approval-policy.ts';
import { countingApprovals, quorumMet } from './count-approvals.ts';
import { draftIntent, type Draft } from './draft-intent.ts';
import { ApprovalError } from './errors.ts';
import { advancePasskey } from './passkey-counter.ts';
import type { ApprovalQueueParts, IntentKindBehaviour, QueueActor } from './queue-parts.ts';
import { verifyStored } from './verify-stored.ts';
import { changeIntent, findIntent, insertApproval, insertIntent } from './intent-store.ts';
import {
  decide,
  requireKind,
  type QueueCommand,
  type QueueState,
  type StoredIntent,
} from './stored-intent.ts';

const EVENTS: Partial<Record<QueueCommand, EventType>> = {
  sign: 'approval.requested',
  approve: 'approval.given',
  reject: 'approval.refused',
};

/** Whether approvals that sufficed once suffice still, and until when it rests. */
type Recheck =
  | { readonly verdict: 'holds'; readonly coolUntilMs: number }
  /** `explained`: a policy that was tightened since is the reason; else nobody honest made it approved. */
  | { readonly verdict: 'unmet'; readonly explained: boolean }
  | { readonly verdict: 'denied'; readonly reason: string };

/** The approval queue. Every method runs in the caller's transaction and stores its audit and outbox rows there. */
export class ApprovalQueue {
  readonly #parts: ApprovalQueueParts;

  constructor(parts: ApprovalQueueParts) {
    this.#parts = parts;
  }

  /** Reads an intent and keeps others from changing it until the transaction ends. @throws ApprovalError. */
  async lock(tx: DatabaseTransaction, id: IntentId): Promise<StoredIntent> {
    await tx.$queryRaw`SELECT 1 FROM queued_intent WHERE id = ${idToUuid(id)}::uuid FOR UPDATE`;
    return await findIntent(tx, id);
  }

  /** One of a kind that is approved and waits to be carried out, locked; those that others work on are skipped. */
  async takeApproved<Kind extends IntentKind>(
    tx: DatabaseTransaction,
    kind: Kind,
  ): Promise<StoredIntent<IntentOf<Kind>> | undefined> {
    const [row] = await tx.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM queued_intent WHERE kind = ${kind} AND state = 'approved'
      ORDER BY changed_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
    if (row === undefined) return undefined;
    return requireKind(await findIntent(tx, idFromUuid('intent', row.id)), kind);
  }

  /** What policy and manifest ask for an intent. @throws IntentError. */
  async requirement(tx: DatabaseTransaction, intent: Intent): Promise<PolicyOutcome> {
    return await this.#parts.policy.evaluate(tx, intent, await this.#parts.manifest());
  }

  /** The same when it is judged the first time: from then on it counts in what the policy measures. */
  async admit(tx: DatabaseTransaction, intent: Intent): Promise<PolicyOutcome> {
    return await this.#parts.policy.admit(tx, intent, await this.#parts.manifest());
  }

  /**
   * Whether what was approved suffices still: policy and manifest may have become stricter since.
   * @throws IntentError for an approval that the signer would refuse.
   */
  async recheck(tx: DatabaseTransaction, { intent, approvals }: StoredIntent): Promise<Recheck> {
    const manifest = await this.#parts.manifest();
    const outcome = await this.#parts.policy.evaluate(tx, intent, manifest);
    if (outcome.outcome === 'deny') return { verdict: 'denied', reason: outcome.reason };
    const nowMs = this.#parts.clock.nowMs();
    const counting = await countingApprovals(intent, approvals, manifest, nowMs);
    if (!(await quorumMet(intent, counting, manifest, outcome.rules, nowMs))) {
      const { number } = await this.#parts.policy.current(tx);
      const isNewer = number !== intent.policyVersion;
      return {
        verdict: 'unmet',
        explained: isNewer && (await quorumMet(intent, counting, manifest, [], nowMs)),
      };
    }
    const lastMs = Math.max(...counting.map(({ statement }) => Date.parse(statement.signedAt)));
    return { verdict: 'holds', coolUntilMs: lastMs + outcome.coolingOffMs };
  }

  /** The texts of these versions of the policy, and by whose word they came into force. */
  async policyEvidence(
    tx: DatabaseTransaction,
    versions: readonly number[],
  ): Promise<readonly PolicyEvidence[]> {
    return await this.#parts.policy.evidence(tx, versions);
  }

  /** The intent of somebody's wish, from now on, under the policy in force. Nothing is stored. */
  async draft<Kind extends IntentKind>(tx: DatabaseTransaction, wish: Draft<Kind>): Promise<IntentOf<Kind>> {
    return draftIntent(this.#parts, await this.#parts.policy.current(tx), wish);
  }

  /** Writes an intent down; nothing happens before it is signed. @throws ApprovalError `queued_intent_kind_unknown`. */
  async submit(tx: DatabaseTransaction, intent: Intent, by: QueueActor): Promise<StoredIntent> {
    this.#behaviour(intent);
    const stored = await insertIntent(tx, intent, this.#now());
    await this.#audit(tx, stored, 'intent.submit', by);
    return stored;
  }

  /**
   * Takes the signature of whoever asks. The same one again changes nothing.
   * @throws IntentError for a signature that the signer would refuse; ApprovalError `queued_intent_…`.
   */
  async sign(
    tx: DatabaseTransaction,
    id: IntentId,
    request: RequestSignature,
    by: QueueActor,
  ): Promise<StoredIntent> {
    const { manifest, credentialsOf, clock } = this.#parts;
    const stored = await this.lock(tx, id);
    const { intent } = stored;
    if (stored.request !== null && sameText(stored.request, request)) return stored;
    decide(stored, 'sign', { nowMs: clock.nowMs() });
    const inForce = await manifest();
    checkIntentCurrent(intent, inForce.network, clock.nowMs());
    const customer = askingCustomer(intent);
    const pinned = customer === undefined ? new Map() : await credentialsOf(customer);
    const keys = requesterKeys(intent, inForce, pinned);
    await verifyRequest(intent, request, keys, clock.nowMs());
    await advancePasskey(tx, keys.get(request.statement.credential), request.signature, this.#now());
    const signed = await this.#apply(tx, stored, 'sign', by, { request });
    crashPoint('intent.signature_written');
    return signed;
  }

  /**
   * Takes one approver's signed word, an approval or a rejection. `approver` is who submits it: only one's own word
   * counts. @throws IntentError for a word that the signer would refuse; ApprovalError `queued_intent_…`,
   * `approval_of_another`, `approval_already_given`, `approval_passkey_cloned`, `approval_denied_by_policy`.
   */
  async judge(
    tx: DatabaseTransaction,
    id: IntentId,
    approval: Approval,
    approver: string,
    by: QueueActor,
  ): Promise<StoredIntent> {
    const { statement } = approval;
    if (statement.approver !== approver) {
      throw new ApprovalError('approval_of_another', 'Everybody gives their own approval.');
    }
    const nowMs = this.#parts.clock.nowMs();
    const stored = await this.lock(tx, id);
    const manifest = await this.#parts.manifest();
    checkManifestCurrent(manifest, nowMs);
    const command = statement.decision;
    if (stored.approvals.some((given) => sameText(given, approval))) return stored;
    decide(stored, command, { nowMs });
    const { key } = await verifyApproval(stored.intent, approval, manifest, nowMs);
    if (nowMs >= Date.parse(approval.delegation?.statement.until ?? stored.intent.expiresAt)) {
      throw new IntentError('delegation_refused', 'The delegation is over.');
    }
    if (
      stored.approvals.some(
        ({ statement: given }) => given.approver === approver && given.decision === command,
      )
    ) {
      throw new ApprovalError('approval_already_given', 'You have said so already.');
    }
    await advancePasskey(tx, key, approval.signature, this.#now());
    await insertApproval(tx, stored, approval, this.#now());
    const detail = { approver, decision: command };
    if (command === 'reject') {
      return await this.#apply(tx, stored, 'reject', by, { reason: statement.reason ?? '' }, detail);
    }
    const isMet = await this.#quorum(tx, stored.intent, [...stored.approvals, approval], manifest, nowMs);
    const judged = await this.#apply(tx, stored, 'approve', by, { quorumMet: isMet }, detail);
    crashPoint('intent.approval_written');
    return judged;
  }

  /** Whoever asked takes it back. @throws ApprovalError `queued_intent_settled`. */
  async cancel(tx: DatabaseTransaction, id: IntentId, by: QueueActor, reason: string): Promise<StoredIntent> {
    const stored = await this.lock(tx, id);
    if (stored.state === 'cancelled') return stored;
    const cancelled = await this.#apply(tx, stored, 'cancel', by, { reason });
    crashPoint('intent.cancellation_written');
    return cancelled;
  }

  /** A rule of ours rejects it before anybody was asked. @throws ApprovalError `queued_intent_settled`. */
  async deny(tx: DatabaseTransaction, id: IntentId, by: QueueActor, reason: string): Promise<StoredIntent> {
    return await this.#apply(tx, await this.lock(tx, id), 'reject', by, { reason });
  }

  /**
   * Whether people's own words carry what a row calls approved. Else it is rejected, and operators hear of it, since
   * somebody wrote into the table. `during` says what was about to be done.
   */
  async carriesWords(
    tx: DatabaseTransaction,
    stored: StoredIntent,
    by: QueueActor,
    during: string,
  ): Promise<boolean> {
    const { manifest, clock, credentialsOf } = this.#parts;
    const customer = askingCustomer(stored.intent);
    try {
      const credentials = customer === undefined ? undefined : await credentialsOf(customer);
      await verifyStored(stored, await manifest(), clock.nowMs(), credentials);
      return true;
    } catch (thrown) {
      if (!(thrown instanceof IntentError)) throw thrown;
      const { code, message: text } = thrown;
      await this.deny(tx, stored.id, by, text);
      await raiseAlert(tx, { subject: stored.id, code, during, text }, by, clock);
      return false;
    }
  }

  /** @throws ApprovalError `queued_intent_settled` before its time is up. */
  async expire(tx: DatabaseTransaction, id: IntentId, by: QueueActor): Promise<StoredIntent> {
    const reason = 'It was not carried out in time.';
    return await this.#apply(tx, await this.lock(tx, id), 'expire', by, { reason });
  }

  /**
   * What was approved so far does not count any more, as things have changed since: people are asked again.
   * @throws ApprovalError `queued_intent_settled`.
   */
  async void(tx: DatabaseTransaction, id: IntentId, by: QueueActor, because: string): Promise<StoredIntent> {
    const stored = await this.lock(tx, id);
    if (stored.approvals.length === 0 && stored.state === 'open') return stored;
    return await this.#apply(tx, stored, 'void', by, { round: stored.round + 1 }, { because });
  }

  /** From here on it cannot be taken back. @throws ApprovalError `queued_intent_settled` unless it is approved. */
  async execute(tx: DatabaseTransaction, id: IntentId, by: QueueActor): Promise<StoredIntent> {
    const stored = await this.lock(tx, id);
    if (stored.state === 'executed') return stored;
    return await this.#apply(tx, stored, 'execute', by, {});
  }

  /** What was begun will never take effect, for certain: its approvals count again. @throws ApprovalError `queued_intent_settled`. */
  async recall(tx: DatabaseTransaction, id: IntentId, by: QueueActor): Promise<StoredIntent> {
    const stored = await this.lock(tx, id);
    if (stored.state === 'approved') return stored;
    return await this.#apply(tx, stored, 'recall', by, {});
  }

  async #quorum(
    tx: DatabaseTransaction,
    intent: Intent,
    approvals: readonly Approval[],
    manifest: Manifest,
    nowMs: number,
  ): Promise<boolean> {
    const outcome = await this.#parts.policy.evaluate(tx, intent, manifest);
    if (outcome.outcome === 'deny') {
      throw new ApprovalError('approval_denied_by_policy', 'No approval allows this.', {
        details: { reason: outcome.reason },
      });
    }
    return await quorumMet(intent, approvals, manifest, outcome.rules, nowMs);
  }

  async #apply(
    tx: DatabaseTransaction,
    stored: StoredIntent,
    command: QueueCommand,
    by: QueueActor,
    change: {
      readonly request?: RequestSignature;
      readonly reason?: string;
      readonly round?: number;
      readonly quorumMet?: boolean;
    },
    detail: Readonly<Record<string, string>> = {},
  ): Promise<StoredIntent> {
    const { quorumMet: isMet = false, ...columns } = change;
    const state: QueueState = decide(stored, command, {
      nowMs: this.#parts.clock.nowMs(),
      quorumMet: isMet,
    });
    await changeIntent(tx, stored, { state, ...columns }, this.#now());
    await this.#audit(tx, stored, `intent.${command}`, by, { ...detail, state }, change.reason);
    const type = EVENTS[command];
    if (type !== undefined) {
      const data = { intent: stored.id, kind: stored.intent.kind, hash: stored.hash, state, ...detail };
      await appendEvent(tx, { type, subject: stored.id, customer: null, data }, this.#parts.clock);
    }
    const next = await findIntent(tx, stored.id);
    await this.#behaviour(stored.intent).changed?.(tx, next);
    return next;
  }

  async #audit(
    tx: DatabaseTransaction,
    { id, hash, state }: StoredIntent,
    action: string,
    { actor, strength, requestId }: QueueActor,
    after: Readonly<Record<string, string>> = {},
    reason?: string,
  ): Promise<void> {
    await appendAudit(
      tx,
      {
        actor,
        strength,
        action,
        entity: id,
        before: { state },
        after: { hash, ...after },
        ...(requestId === undefined ? {} : { requestId }),
        ...(reason === undefined ? {} : { reason }),
      },
      this.#parts.clock,
    );
  }

  #behaviour({ kind }: Intent): IntentKindBehaviour {
    const behaviour = this.#parts.kinds.get(kind);
    if (behaviour !== undefined) return behaviour;
    throw new ApprovalError('queued_intent_kind_unknown', 'Nobody here carries out such an intent.', {
      details: { kind },
    });
  }

  #now(): Date {
    return new Date(this.#parts.clock.nowMs());
  }
}

function sameText(one: Approval | RequestSignature, other: Approval | RequestSignature): boolean {
  return canonicalJson(one as JsonValue) === canonicalJson(other as JsonValue);
}
