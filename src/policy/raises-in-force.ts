import { recordedAfter } from '../audit/index.ts';
import { ApprovalError, findIntent, requireKind, verifyStored } from '../approvals/index.ts';
import type { DatabaseTransaction, Prisma } from '../database/index.ts';
import { IntentError, type Manifest } from '../intents/index.ts';
import { idFromUuid, idToUuid, type CustomerId, type IntentId } from '../shared/index.ts';
import type { Raise } from './raisable.ts';

/** How the audit log calls the end of a raise. */
export const REVOKED = 'limit.revoke';

/** By people's signatures and the append-only log: what a row says is not enough. */
async function genuine(
  tx: DatabaseTransaction,
  { intentId, customerId, until }: Prisma.LimitRaiseModel,
  manifest: Manifest,
  nowMs: number,
): Promise<Raise | undefined> {
  const id = idFromUuid('intent', intentId);
  try {
    const stored = requireKind(await findIntent(tx, id), 'limit_raise');
    const { body, expiresAt } = stored.intent;
    const isSame =
      stored.state === 'executed' &&
      body.customer === idFromUuid('customer', customerId) &&
      Date.parse(body.until) === until.getTime();
    if (!isSame) return undefined;
    // It was in time when it was carried out.
    await verifyStored(stored, manifest, Math.min(nowMs, Date.parse(expiresAt) - 1));
    const carriedOut = await recordedAfter(tx, id, 'intent.execute');
    const revoked = await recordedAfter(tx, id, REVOKED);
    if (carriedOut.length === 0 || revoked.length > 0) return undefined;
    return { ruleHash: body.ruleHash, satoshis: BigInt(body.satoshis) };
  } catch (thrown) {
    if (thrown instanceof IntentError || thrown instanceof ApprovalError) return undefined;
    throw thrown;
  }
}

/** The raises of a customer that are in force, and the intents of rows that people's words do not carry. */
export async function raisesOf(
  tx: DatabaseTransaction,
  customer: CustomerId,
  manifest: Manifest,
  nowMs: number,
): Promise<{ readonly raised: readonly Raise[]; readonly forged: readonly IntentId[] }> {
  const rows = await tx.limitRaise.findMany({
    where: { customerId: idToUuid(customer), revokedAt: null, until: { gt: new Date(nowMs) } },
    orderBy: { intentId: 'asc' },
  });
  const raised: Raise[] = [];
  const forged: IntentId[] = [];
  for (const row of rows) {
    const raise = await genuine(tx, row, manifest, nowMs);
    if (raise === undefined) forged.push(idFromUuid('intent', row.intentId));
    else raised.push(raise);
  }
  return { raised, forged };
}
