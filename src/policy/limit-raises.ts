import { appendAudit } from '../audit/index.ts';
import {
  findIntent,
  requireKind,
  settleApproved,
  WORKER,
  type QueueActor,
  type StoredIntent,
} from '../approvals/index.ts';
import type { DatabaseTransaction, Prisma } from '../database/index.ts';
import { appendEvent } from '../events/index.ts';
import type { LimitRaiseIntent, Manifest } from '../intents/index.ts';
import {
  formatSatoshis,
  idFromUuid,
  idToUuid,
  isoTime,
  parseId,
  type CustomerId,
  type IntentId,
  type Satoshis,
  type StaffId,
} from '../shared/index.ts';
import { PolicyError } from './errors.ts';
import type { PolicyChangeParts } from './policy-change-parts.ts';
import { limitsOf, ruleHashOf } from './raisable.ts';
import { REVOKED } from './raises-in-force.ts';

/** Whoever needs more for longer needs another policy. */
const MAX_RAISE_MS = 90 * 24 * 3_600_000;

/** A raise that was carried out. */
export interface LimitRaise {
  readonly intent: IntentId;
  readonly customer: CustomerId;
  readonly rule: string;
  readonly satoshis: string;
  readonly until: Date;
  readonly raisedAt: Date;
  readonly revokedAt: Date | null;
}

export interface LimitRaiseRequest {
  readonly intent: IntentId;
  readonly customer: CustomerId;
  readonly rule: string;
  readonly satoshis: Satoshis;
  readonly until: Date;
  readonly requester: StaffId;
  readonly reason: string;
}

/** Whether somebody of staff is the customer, by any account that the manifest knows of theirs. */
function isOwn(manifest: Manifest, staff: string, customer: string): boolean {
  const all = [...manifest.approvers, ...manifest.officers];
  const people = new Set(all.filter(({ id }) => id === staff).map(({ person }) => person));
  return manifest.approvers.some((entry) => people.has(entry.person) && entry.customer === customer);
}

/** @throws PolicyError `limit_rule_unknown`, `limit_raise_invalid`. */
async function limitedBy(
  parts: Pick<PolicyChangeParts, 'policy'>,
  tx: DatabaseTransaction,
  name: string,
  amount: bigint,
): Promise<string> {
  const { document } = await parts.policy.current(tx);
  const rule = document.rules.find((entry) => entry.name === name);
  if (rule === undefined) throw new PolicyError('limit_rule_unknown', 'The policy has no such rule.');
  const limits = limitsOf(rule);
  if (limits.size === 0) {
    throw new PolicyError('limit_rule_unknown', 'The rule does not limit amounts of a customer alone.');
  }
  if ([...limits.values()].some((from) => amount < from)) {
    throw new PolicyError('limit_raise_invalid', 'The rule begins at this or more already.');
  }
  return ruleHashOf(rule);
}

/**
 * Writes down that a customer's limit is to be raised for a time. The one who asks signs it next, others approve, and
 * only then it is.
 * @throws PolicyError `limit_rule_unknown`, `limit_raise_invalid`, `limit_raise_own`.
 */
export async function requestLimitRaise(
  parts: PolicyChangeParts,
  tx: DatabaseTransaction,
  wish: LimitRaiseRequest,
  by: QueueActor,
): Promise<StoredIntent> {
  const { intent: id, customer, rule, satoshis, until, requester, reason } = wish;
  const nowMs = parts.clock.nowMs();
  if (until.getTime() <= nowMs || until.getTime() > nowMs + MAX_RAISE_MS) {
    throw new PolicyError('limit_raise_invalid', 'A raise ends within 90 days.');
  }
  if ((await tx.customer.count({ where: { id: idToUuid(customer) } })) !== 1) {
    throw new PolicyError('limit_raise_invalid', 'There is no such customer.');
  }
  if (isOwn(await parts.manifest(), requester, customer)) {
    throw new PolicyError('limit_raise_own', 'Somebody else asks for your limits.');
  }
  const ruleHash = await limitedBy(parts, tx, rule, satoshis);
  const body = {
    ...{ customer, rule, ruleHash, reason },
    satoshis: formatSatoshis(satoshis),
    until: isoTime(until.getTime()),
  };
  const draft = await parts.queue.draft(tx, { kind: 'limit_raise', id, requester, body });
  return await parts.queue.submit(tx, draft, by);
}

async function carryOut(
  parts: PolicyChangeParts,
  tx: DatabaseTransaction,
  { id, intent }: StoredIntent<LimitRaiseIntent>,
): Promise<string | undefined> {
  const { requester, body } = intent;
  const { rule, ruleHash, satoshis } = body;
  const raisedAt = new Date(parts.clock.nowMs());
  const until = new Date(body.until);
  if (until <= raisedAt) return 'It would be over by now.';
  if (isOwn(await parts.manifest(), requester, body.customer)) return 'Somebody else asks for one’s limits.';
  if ((await limitedBy(parts, tx, rule, BigInt(satoshis))) !== ruleHash) {
    return 'The policy’s rule says something else by now.';
  }
  const customer = parseId('customer', body.customer);
  await tx.limitRaise.create({
    data: { intentId: idToUuid(id), customerId: idToUuid(customer), until, raisedAt },
  });
  const data = { intent: id, rule, satoshis, until: body.until };
  const after = { customer, ...data };
  await appendAudit(tx, { ...WORKER, action: 'limit.raise', entity: id, after }, parts.clock);
  await appendEvent(tx, { type: 'limit.raised', subject: id, customer, data }, parts.clock);
  return undefined;
}

/** Raises the limits that were approved. May be repeated after a crash anywhere. @returns how many. */
export async function settleLimitRaises(parts: PolicyChangeParts): Promise<number> {
  return await settleApproved(parts, {
    ...{ kind: 'limit_raise', during: 'limit.raise' },
    act: (tx, stored) => carryOut(parts, tx, stored),
  });
}

/**
 * Ends a raise, at once: any one of staff may. @throws PolicyError `limit_raise_unknown` for none, or one that is over.
 */
export async function revokeLimitRaise(
  { clock }: Pick<PolicyChangeParts, 'clock'>,
  tx: DatabaseTransaction,
  id: IntentId,
  reason: string,
  { actor, strength, requestId }: QueueActor,
): Promise<LimitRaise> {
  const now = new Date(clock.nowMs());
  const { count } = await tx.limitRaise.updateMany({
    where: { intentId: idToUuid(id), revokedAt: null, until: { gt: now } },
    data: { revokedAt: now },
  });
  if (count !== 1) throw new PolicyError('limit_raise_unknown', 'There is no such raise in force.');
  const raise = await raiseOf(
    tx,
    await tx.limitRaise.findUniqueOrThrow({ where: { intentId: idToUuid(id) } }),
  );
  const { customer, rule } = raise;
  const entry = { actor, strength, action: REVOKED, entity: id, reason, after: { customer, rule } };
  await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, clock);
  await appendEvent(tx, { type: 'limit.revoked', subject: id, customer, data: { intent: id, rule } }, clock);
  return raise;
}

async function raiseOf(tx: DatabaseTransaction, row: Prisma.LimitRaiseModel): Promise<LimitRaise> {
  const { until, raisedAt, revokedAt } = row;
  const intent = idFromUuid('intent', row.intentId);
  const { rule, satoshis } = requireKind(await findIntent(tx, intent), 'limit_raise').intent.body;
  const customer = idFromUuid('customer', row.customerId);
  return { intent, customer, rule, satoshis, until, raisedAt, revokedAt };
}

/** A customer's raises, the newest first, those that are over too. */
export async function listLimitRaises(
  tx: DatabaseTransaction,
  customer: CustomerId,
): Promise<readonly LimitRaise[]> {
  const rows = await tx.limitRaise.findMany({
    where: { customerId: idToUuid(customer) },
    orderBy: { intentId: 'desc' },
    take: 100,
  });
  return await Promise.all(rows.map((row) => raiseOf(tx, row)));
}
