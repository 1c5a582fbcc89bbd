import { randomBytes } from 'node:crypto';
import { appendAudit } from '../audit/index.ts';
import { inTransaction } from '../database/index.ts';
import { keyIdOf } from '../keyring/index.ts';
import { DRILLED_ROLES, parseDrillRequest, wrappedCopyName, type DrillRequest } from '../recovery/index.ts';
import { isoTime, type WalletId } from '../shared/index.ts';
import { readStationRegistration, type Cause } from '../wallets/index.ts';
import { sampleWallets, type DrillParts } from './proof-ages.ts';

/** Addresses that a drill signs for: any of the first ones, so that keys are seen to derive. */
const ADDRESSES = 1_000;

async function entryOf(parts: DrillParts, wallet: WalletId) {
  const { registration } = await readStationRegistration(parts.database, wallet);
  const roles: readonly string[] = DRILLED_ROLES[registration.plan];
  return {
    wallet,
    descriptor: registration.descriptor,
    addressIndex: randomBytes(4).readUInt32BE() % ADDRESSES,
    keys: registration.keys.flatMap(({ statement: { role, xpub } }) => {
      const wrappedCopy = roles.includes(role) ? wrappedCopyName(role, keyIdOf(xpub)) : null;
      return wrappedCopy === null ? [] : [{ role, xpub, wrappedCopy }];
    }),
  };
}

/**
 * Draws up to `count` wallets for a drill and writes what is carried to the sites; null when there is no wallet with
 * wrapped keys. Recorded, so that a drill that was never answered is seen too.
 */
export async function planDrill(
  parts: DrillParts,
  count: number,
  cause: Cause,
): Promise<DrillRequest | null> {
  const sample = await sampleWallets(parts, count);
  if (sample.length === 0) return null;
  const wallets = [];
  for (const { wallet } of sample) wallets.push(await entryOf(parts, wallet));
  const drill = randomBytes(16).toString('hex');
  const request = parseDrillRequest({
    purpose: 'trilock recovery drill',
    version: 1,
    drill,
    network: parts.network,
    createdAt: isoTime(parts.clock.nowMs()),
    wallets,
  });
  const after = { wallets: sample.map(({ wallet }) => wallet) };
  await inTransaction(parts.database, async (tx) => {
    const entity = `drill:${drill}`;
    await appendAudit(tx, { ...cause, action: 'drill.plan', entity, after }, parts.clock);
  });
  return request;
}
