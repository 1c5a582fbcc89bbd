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
    // A customer's own key is asked too, and its silence counts for nothing: customers prove it when they choose.
    keys: registration.keys
      .filter(({ statement: { role } }) => role === 'customer' || roles.includes(role))
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
  const sample = (await sampleWallets(tx, parts, count)).map(({ wallet }) => wallet);
  return sample.length === 0 ? null : draftDrillOf(tx, parts, sample, cause);
}

async function draftDrillOf(
  tx: DatabaseTransaction,
  parts: DrillParts,
  sample: readonly WalletId[],
  cause: Cause,
): Promise<DrillRequest> {
  const wallets = [];
  for (const wallet of sample) wallets.push(await entryOf(tx, wallet));
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
  const after = { wallets: [...sample] };
  await appendAudit(tx, { ...cause, action: 'drill.plan', entity: `drill:${drill}`, after }, parts.clock);
  return request;
}

/** Notes that somebody has the file in hand. */
async function noteWritten(
  tx: DatabaseTransaction,
  { clock }: DrillParts,
  { drill }: DrillRequest,
): Promise<void> {
  await tx.drill.update({ where: { id: drill }, data: { writtenAt: new Date(clock.nowMs()) } });
}

/** The same for somebody who carries it to the sites. */
export async function planDrill(
  parts: DrillParts,
  count: number,
  cause: Cause,
): Promise<DrillRequest | null> {
  return inTransaction(parts.database, async (tx) => {
    const request = await draftDrill(tx, parts, count, cause);
    if (request !== null) await noteWritten(tx, parts, request);
    return request;
  });
}

/**
 * A drill of one wallet, which may be handed to its customer: it names nobody else's.
 * @throws WalletError `wallet_unknown`, `wallet_not_open`, `receipt_missing`.
 */
export async function planDrillOf(parts: DrillParts, wallet: WalletId, cause: Cause): Promise<DrillRequest> {
  return inTransaction(parts.database, async (tx) => {
    const request = await draftDrillOf(tx, parts, [wallet], cause);
    await noteWritten(tx, parts, request);
    return request;
  });
}
