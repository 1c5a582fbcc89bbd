import { inTransaction } from '../../src/database/index.ts';
import {
  delegationHash,
  statementDigest,
  type Approval,
  type Delegation,
  type Intent,
  type Manifest,
  type RequestSignature,
} from '../../src/intents/index.ts';
import type { StaffRole } from '../../src/http/access-contract.ts';
import { preparePassword, registerStaff } from '../../src/identity/register.ts';
import { policyChangeParts } from '../../src/main/roles/withdrawal-parts.ts';
import { idToUuid, isoTime, parseId, type StaffId } from '../../src/shared/index.ts';
import { institution, type Institution } from '../fixtures/intents.ts';
import {
  Caller,
  freshEmail,
  openBank,
  PASSWORD,
  type Answer,
  type Bank,
  type BankOptions,
} from '../identity/support/bank.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';

const DAY_MS = 24 * 3_600_000;

interface Colleague {
  readonly id: StaffId;
  readonly caller: Caller;
}

/** A bank whose manifest names colleagues that have accounts, and the worker's view of its queue. */
export class ControlHouse {
  readonly bank: Bank & { close(): Promise<void> };
  readonly trust: Institution;
  /** The approvers of the manifest: compliance, each with a session. */
  readonly colleagues: readonly Colleague[];

  private constructor(bank: ControlHouse['bank'], trust: Institution, colleagues: readonly Colleague[]) {
    this.bank = bank;
    this.trust = trust;
    this.colleagues = colleagues;
  }

  static async open(
    change: (manifest: Manifest) => Partial<Manifest> = () => ({}),
    options: Pick<BankOptions, 'webhookApprovalSatoshis'> = {},
  ): Promise<ControlHouse> {
    const made = institution();
    const issuedAt = isoTime(Date.now() - DAY_MS);
    const dated = { ...made.manifest, issuedAt, expiresAt: isoTime(Date.now() + 90 * DAY_MS) };
    const trust = { ...made, manifest: { ...dated, ...change(dated) } };
    const bank = await openBank({ ...options, trust });
    const colleagues: Colleague[] = [];
    for (const { id } of made.approvers) {
      colleagues.push(await newColleague(bank, parseId('staff', id), 'compliance', 'officer'));
    }
    return new ControlHouse(bank, trust, colleagues);
  }

  async close(): Promise<void> {
    await this.bank.close();
  }

  /** What the worker carries intents out with. */
  get parts() {
    const { database, clock, seals } = this.bank;
    const manifest = () => Promise.resolve(this.trust.manifest);
    return { ...policyChangeParts({ database, clock, manifest, network: 'regtest' }), seals };
  }

  /** Asks over HTTP for something that must be approved, as one of the colleagues. */
  async ask(path: string, body: object, by = 0): Promise<{ readonly intent: Intent; readonly hash: string }> {
    const answer = await this.colleagues[by]!.caller.send('POST', path, body);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body as { intent: Intent; hash: string };
  }

  async sign({ intent, hash }: { intent: Intent; hash: string }, by = 0): Promise<Answer> {
    const { signer } = this.trust.approvers[by]!;
    const { id, caller } = this.colleagues[by]!;
    const statement: RequestSignature['statement'] = {
      purpose: 'request',
      intentHash: hash,
      credential: id,
      signedAt: isoTime(this.bank.clock.nowMs()),
    };
    const body = { statement, signature: signer.sign(statementDigest(statement)) };
    return await caller.send('POST', `/v1/intents/${intent.id}/request`, body);
  }

  async judge(
    { intent, hash }: { intent: Intent; hash: string },
    by: number,
    decision: 'approve' | 'reject' = 'approve',
    delegation?: Delegation,
  ): Promise<Answer> {
    const { signer } = this.trust.approvers[by]!;
    const { id, caller } = this.colleagues[by]!;
    const statement: Approval['statement'] = {
      ...{ purpose: 'approval', intentHash: hash, decision, approver: id },
      signedAt: isoTime(this.bank.clock.nowMs()),
      ...(decision === 'reject' ? { reason: 'Not now.' } : {}),
      ...(delegation === undefined ? {} : { delegation: delegationHash(delegation.statement) }),
    };
    const signature = signer.sign(statementDigest(statement));
    const body = { statement, signature, ...(delegation === undefined ? {} : { delegation }) };
    return await caller.send('POST', `/v1/intents/${intent.id}/approvals`, body);
  }

  /** Asked for by the first colleague, and approved by the second. */
  async approved(path: string, body: object): Promise<{ readonly intent: Intent; readonly hash: string }> {
    const asked = await this.ask(path, body);
    const signed = await this.sign(asked);
    const judged = await this.judge(asked, 1);
    if (signed.status !== 200 || judged.body['state'] !== 'approved') {
      throw new Error(JSON.stringify([signed.body, judged.body]));
    }
    return asked;
  }

  async state({ id }: Intent): Promise<string> {
    const where = { id: idToUuid(parseId('intent', id)) };
    return (await this.bank.database.queuedIntent.findUniqueOrThrow({ where })).state;
  }

  /** An administrator's chair: no grant, no trigger stands in the way. */
  async tamper(statement: string): Promise<void> {
    await runAsSuperuser(this.bank.testDatabase, `SET session_replication_role = replica; ${statement}`);
  }

  async alerts(subject: string): Promise<string[]> {
    const where = { type: 'alert.raised', subject };
    const rows = await this.bank.database.outboxEvent.findMany({ where, orderBy: { id: 'asc' } });
    return rows.map(({ content }) => (JSON.parse(content) as { data: { code: string } }).data.code);
  }
}

/** An account with roles, as the command line makes them, under an id that a manifest names. */
async function newColleague(bank: Bank, id: StaffId, ...roles: StaffRole[]): Promise<Colleague> {
  const email = freshEmail();
  const passwordHash = await preparePassword(PASSWORD, email);
  const when = {
    now: new Date(bank.clock.nowMs()),
    origin: { actor: { kind: 'process', id: 'cli' }, strength: 'process', address: 'local' },
  } as const;
  await inTransaction(bank.database, (tx) =>
    registerStaff(tx, bank.seals, id, { email, displayName: 'Colleague', roles }, passwordHash, when),
  );
  const caller = new Caller(bank);
  await caller.signIn(email, '/v1/staff/sessions');
  return { id, caller };
}
