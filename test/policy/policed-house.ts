import { inTransaction } from '../../src/database/index.ts';
import { intentHash, statementDigest, type Intent, type Manifest } from '../../src/intents/index.ts';
import { settlePolicyChanges, type PolicyChangeParts } from '../../src/policy/index.ts';
import { draftPolicy, proposeDraft } from '../../src/policy/change-policy.ts';
import type { PolicyDocument } from '../../src/policy/policy-document-contract.ts';
import { findDraft, type PolicyDraft, type PolicyDraftId } from '../../src/policy/policy-draft.ts';
import { findIntent, type StoredIntent } from '../../src/approvals/index.ts';
import { isoTime, newId, parseId } from '../../src/shared/index.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';
import { SOMEBODY, type House } from '../withdrawals/support/house.ts';

/** Compliance at work on the policy of a house that pays out. */
export class PolicedHouse {
  readonly house: House;
  readonly parts: PolicyChangeParts;
  /** What is read as the manifest; the signer's own is another matter. */
  manifest: Manifest;

  constructor(house: House) {
    this.house = house;
    const { database, clock, queue } = house.parts;
    this.manifest = house.chain.house.scene.house.manifest;
    const manifest = () => Promise.resolve(this.manifest);
    this.parts = { database, clock, queue, policy: house.policy, manifest };
  }

  staff(index: number) {
    return this.house.chain.house.scene.house.house.approvers[index]!;
  }

  async inForce(): Promise<{ readonly number: number; readonly document: PolicyDocument }> {
    return await this.parts.policy.current(this.parts.database);
  }

  async draft(document: PolicyDocument, by = 0): Promise<PolicyDraft> {
    const wish = {
      ...{ id: newId('policy'), document, reason: 'It is time.' },
      createdBy: parseId('staff', this.staff(by).id),
    };
    return await inTransaction(this.parts.database, (tx) => draftPolicy(this.parts, tx, wish, SOMEBODY));
  }

  async propose(draft: PolicyDraftId, by = 0): Promise<PolicyDraft> {
    const proposal = { draft, intent: newId('intent'), proposer: parseId('staff', this.staff(by).id) };
    return await inTransaction(this.parts.database, (tx) => proposeDraft(this.parts, tx, proposal, SOMEBODY));
  }

  /** Drafted and proposed; what loosens is signed by the proposer too. */
  async change(document: PolicyDocument, by = 0): Promise<PolicyDraft> {
    const { id } = await this.draft(document, by);
    const proposed = await this.propose(id, by);
    if (proposed.intentId !== null) await this.sign(await this.intentOf(proposed), by);
    return proposed;
  }

  async intentOf({ intentId }: PolicyDraft): Promise<Intent> {
    return (await this.stored(intentId!)).intent;
  }

  async stored(id: string): Promise<StoredIntent> {
    return await inTransaction(this.parts.database, (tx) => findIntent(tx, parseId('intent', id)));
  }

  async sign(intent: Intent, by = 0): Promise<void> {
    const { id, signer } = this.staff(by);
    const statement = {
      purpose: 'request' as const,
      intentHash: intentHash(intent),
      credential: id,
      signedAt: isoTime(this.parts.clock.nowMs()),
    };
    const request = { statement, signature: signer.sign(statementDigest(statement)) };
    await inTransaction(this.parts.database, (tx) =>
      this.parts.queue.sign(tx, parseId('intent', intent.id), request, SOMEBODY),
    );
  }

  /** The worker's steps, after some hours. */
  async settle(afterHours = 0): Promise<number> {
    this.house.chain.house.scene.clock.advance(afterHours * 3_600_000);
    return await settlePolicyChanges(this.parts);
  }

  async find(draft: PolicyDraft): Promise<PolicyDraft> {
    return await findDraft(this.parts.database, draft.id);
  }

  /** An administrator's chair: no grant, no trigger stands in the way. */
  async tamper(statement: string): Promise<void> {
    const all = `SET session_replication_role = replica; ${statement}`;
    await runAsSuperuser(this.house.chain.house.scene.database, all);
  }

  async alerts(subject: string): Promise<string[]> {
    const rows = await this.parts.database.outboxEvent.findMany({ where: { type: 'alert.raised', subject } });
    return rows.map(({ content }) => (JSON.parse(content) as { data: { code: string } }).data.code);
  }
}
