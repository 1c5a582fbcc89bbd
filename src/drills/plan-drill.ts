import { randomBytes } from 'node:crypto';
import { appendAudit } from '../audit/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { DRILLED_ROLES, parseDrillRequest, wrappedCopyName, type DrillRequest } from '../recovery/index.ts';
import { canonicalJson, isoTime, type WalletId } from '../shared/index.ts';
import { readStationRegistration, type Cause } from '../wallets/index.ts';
import { sampleWallets, type DrillParts } from './proof-ages.ts';

/** Addresses that a drill signs for: any of the first ones, so that keys are seen to derive. */
const ADDRESSES = 1_000;

async function entryOf(tx: DatabaseTransaction, wallet: WalletId) {
  const { registration } = await readStationRegistration(tx, wallet);
  const roles: readonly string[] = DRILLED_ROLES[registration.plan];
  return {
    wallet,
    descriptor: registration.descriptor,
    addressIndex: randomBytes(4).readUInt32BE() % ADDRESSES,
    keys: registration.keys
      .filter(({ statement }) => roles.includes(statement.role))
      .map((key) => ({
        role: key.statement.role,
        xpub: key.statement.xpub,
        wrappedCopy: wrappedCopyName(key),
      })),
  };
}

/**
 * Draws up to `count` wallets for a drill, within the caller's transaction, and keeps what is carried to the sites:
 * the answers are judged by it, and a drill that was never answered is seen. Null when there is no open wallet.
 */
export async function draftDrill(
  tx: DatabaseTransaction,
  parts: DrillParts,
  count: number,
  cause: Cause,
): Promise<DrillRequest | null> {
  const sample = await sampleWallets(tx, parts, count);
  if (sample.length === 0) return null;
  const wallets = [];
  for (const { wallet } of sample) wallets.push(await entryOf(tx, wallet));
  const drill = randomBytes(16).toString('hex');
  const plannedAt = new Date(parts.clock.nowMs());
  const request = parseDrillRequest({
    purpose: 'trilock recovery drill',
    version: 1,
    drill,
    network: parts.network,
    createdAt: isoTime(plannedAt.getTime()),
    wallets,
  });
  const { network } = parts;
  await tx.drill.create({ data: { id: drill, network, plannedAt, request: canonicalJson(request) } });
  const after = { wallets: sample.map(({ wallet }) => wallet) };
  await appendAudit(tx, { ...cause, action: 'drill.plan', entity: `drill:${drill}`, after }, parts.clock);
  return request;
}

/** The same for somebody who carries it to the sites. */
export async function planDrill(
  parts: DrillParts,
  count: number,
  cause: Cause,
): Promise<DrillRequest | null> {
  return inTransaction(parts.database, async (tx) => {
    const request = await draftDrill(tx, parts, count, cause);
    if (request !== null) {
      const writtenAt = new Date(parts.clock.nowMs());
      await tx.drill.update({ where: { id: request.drill }, data: { writtenAt } });
    }
    return request;
  });
}
