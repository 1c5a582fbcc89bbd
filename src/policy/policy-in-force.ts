import { WORKER, type ApprovalPolicy, type PolicyOutcome } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import {
  IntentError,
  ruleFor,
  type Intent,
  type IntentErrorCode,
  type Manifest,
  type PolicyEvidence,
  type QuorumRule,
} from '../intents/index.ts';
import { raiseAlert } from '../events/index.ts';
import { isIdOf, parseId, type Clock, type IntentId } from '../shared/index.ts';
import { findAdmission, lockAdmissions, recordAdmission } from './admission.ts';
import { DEFAULT_DOCUMENT, DEFAULT_VERSION } from './default-document.ts';
import {
  compilePolicy,
  evaluate,
  strictestDecision,
  type CompiledPolicy,
  type Decision,
  type Reason,
} from './evaluate.ts';
import type { ControlFacts } from './facts.ts';
import { factsAt, type RecordedFacts } from './facts-record.ts';
import { gatherFacts } from './gather-facts.ts';
import { policyEvidence } from './policy-evidence.ts';
import { raisesOf } from './raises-in-force.ts';
import { builtIn, findVersion, numberInForce, type PolicyVersion, type Tables } from './policy-store.ts';
import type { PolicyDocument } from './policy-document-contract.ts';

/** What the manifest says of an intent that nobody may approve. */
const NOBODY: ReadonlySet<string> = new Set<IntentErrorCode>(['limit_exceeded', 'kind_not_allowed']);

function manifestRule(manifest: Manifest, intent: Intent): QuorumRule | undefined {
  try {
    return ruleFor(intent, manifest);
  } catch (thrown) {
    if (thrown instanceof IntentError && NOBODY.has(thrown.code)) return undefined;
    throw thrown;
  }
}

/** A reason as people read it. */
export function sentence({ rule, because, address }: Reason): string {
  const by = rule === null ? because : `Rule “${rule}”: ${because}`;
  return address === null ? by : `${by} (${address})`;
}

function outcomeOf({ requirement, reasons }: Decision, rule: QuorumRule): PolicyOutcome {
  const because = [...new Set(reasons.map(sentence))];
  if (requirement.denied) return { outcome: 'deny', reason: because.join(' ') };
  const { quorums, delayMs } = requirement;
  return { outcome: 'approvals', rules: [rule, ...quorums], coolingOffMs: delayMs, because };
}

export interface PolicyParts {
  readonly clock: Clock;
  /** Version 1, until another is put in force. */
  readonly initial?: PolicyDocument;
}

/**
 * The policy by which the queue asks people, as it is in force in the database. It only ever asks for more than the
 * officers' manifest. An intent is judged by the version that it names and by the one in force, and the stricter
 * counts: what was asked for before a policy became tighter is judged by the tighter one, and what was asked for
 * under a tighter one does not profit from a looser one.
 */
export class PolicyInForce implements ApprovalPolicy {
  readonly #clock: Clock;
  /** Versions never change, so each is read, compared with its hash and made ready once. */
  readonly #ready = new Map<number, PolicyVersion & { readonly compiled: CompiledPolicy }>();

  /** @throws PolicyError for an initial policy that is none. */
  constructor({ clock, initial = DEFAULT_DOCUMENT }: PolicyParts) {
    this.#clock = clock;
    this.#ready.set(DEFAULT_VERSION, { ...builtIn(initial), compiled: compilePolicy(initial) });
  }

  /** What is in force. @throws PolicyError `policy_damaged`. */
  async current(tx: Tables): Promise<PolicyVersion> {
    return await this.find(tx, await numberInForce(tx));
  }

  /** A version that is or was in force. @throws PolicyError `policy_version_unknown`, `policy_damaged`. */
  async find(tx: Tables, number: number): Promise<PolicyVersion> {
    return await this.#load(tx, number);
  }

  /** @throws PolicyError `policy_version_unknown`, `policy_damaged`; ApprovalError `queued_intent_…`. */
  async evidence(tx: DatabaseTransaction, versions: readonly number[]): Promise<readonly PolicyEvidence[]> {
    return await policyEvidence(tx, (inside, number) => this.find(inside, number), versions);
  }

  /** @throws PolicyError `policy_damaged`. */
  async evaluate(tx: DatabaseTransaction, intent: Intent, manifest: Manifest): Promise<PolicyOutcome> {
    const { outcome } = await this.#judge(tx, intent, manifest);
    return outcome;
  }

  /**
   * Judges a withdrawal the first time, and counts it in every window from then on. Again, it changes nothing.
   * @throws PolicyError `policy_damaged`.
   */
  async admit(tx: DatabaseTransaction, intent: Intent, manifest: Manifest): Promise<PolicyOutcome> {
    if (intent.kind !== 'withdrawal') return await this.evaluate(tx, intent, manifest);
    await lockAdmissions(tx);
    const { outcome, facts, forged = [] } = await this.#judge(tx, intent, manifest);
    for (const raise of forged) await this.#alert(tx, raise);
    if (facts !== undefined && (await findAdmission(tx, intent)) === undefined) {
      const policyVersion = await numberInForce(tx);
      const at = new Date(this.#clock.nowMs());
      await recordAdmission(tx, intent, { facts, policyVersion, outcome, at });
    }
    return outcome;
  }

  async #judge(tx: DatabaseTransaction, intent: Intent, manifest: Manifest): Promise<Judged> {
    const rule = manifestRule(manifest, intent);
    if (rule === undefined) return denied('The manifest allows nobody to approve something like this.');
    const inForce = await numberInForce(tx);
    if (intent.policyVersion < DEFAULT_VERSION || intent.policyVersion > inForce) {
      return denied('It names a version of the policy that is not in force.');
    }
    const { compiled: current } = await this.#load(tx, inForce);
    const { compiled: named, hash: namedHash } = await this.#load(tx, intent.policyVersion);
    if (intent.policyHash !== undefined && intent.policyHash !== namedHash) {
      return denied('It names another text of the policy than that of the version that it names.');
    }
    const nowMs = this.#clock.nowMs();
    if (intent.kind !== 'withdrawal') {
      const facts = controlFacts(intent, nowMs);
      return {
        outcome: outcomeOf(strictestDecision([evaluate(current, facts), evaluate(named, facts)]), rule),
      };
    }
    const windows = [...current.windows, ...named.windows];
    const gathered = await gatherFacts(tx, intent, windows, nowMs);
    const customer = parseId('customer', gathered.customer);
    const { raised, forged } = await raisesOf(tx, customer, manifest, nowMs);
    const facts = { ...gathered, raised };
    const known = factsAt(facts, nowMs);
    const decision = strictestDecision([evaluate(current, known), evaluate(named, known)]);
    return { outcome: outcomeOf(decision, rule), facts, forged };
  }

  async #alert(tx: DatabaseTransaction, subject: IntentId): Promise<void> {
    const text = 'A raised limit stands in the table that people’s words do not carry; it does not count.';
    const alert = { subject, code: 'limit_raise_damaged', during: 'withdrawal.screen', text };
    await raiseAlert(tx, alert, WORKER, this.#clock);
  }

  async #load(tx: Tables, number: number) {
    const known = this.#ready.get(number);
    if (known !== undefined) return known;
    const version = await findVersion(tx, number);
    const ready = { ...version, compiled: compilePolicy(version.document) };
    this.#ready.set(number, ready);
    return ready;
  }
}

interface Judged {
  readonly outcome: PolicyOutcome;
  /** Of a withdrawal: what was known. */
  readonly facts?: RecordedFacts;
  /** Raises of limits that stand in the table, and that people’s words do not carry. */
  readonly forged?: readonly IntentId[];
}

function denied(reason: string): Judged {
  return { outcome: { outcome: 'deny', reason } };
}

function controlFacts(
  { kind, createdAt, requester }: Exclude<Intent, { readonly kind: 'withdrawal' }>,
  nowMs: number,
): ControlFacts {
  const initiator = isIdOf('customer', requester) ? 'customer' : 'staff';
  return { kind, nowMs, askedAtMs: Date.parse(createdAt), initiator };
}
