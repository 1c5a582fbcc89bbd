import type { QueueActor, StoredIntent } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { descriptorHash } from '../intents/index.ts';
import { formatSatoshis, idToUuid, type IntentId, type Satoshis, type StaffId } from '../shared/index.ts';
import { TreasuryError } from './errors.ts';
import { insertMove } from './move-store.ts';
import type { Move, MoveId } from './move.ts';
import { holdingsOf, pinnedWallets } from './pinned-wallets.ts';
import type { TreasuryParts } from './treasury-parts.ts';

export interface RefillRequest {
  readonly id: MoveId;
  readonly intent: IntentId;
  readonly requester: StaffId;
  readonly satoshis: Satoshis;
  readonly maxFee: Satoshis;
  readonly reason: string;
}

/** Long enough for approvals and the next cold window. */
const LIFETIME_MS = 7 * 24 * 3_600_000;

/**
 * Writes down that the hot wallet is to be refilled from the cold one. The one who asks signs it next, others approve
 * by the manifest's rule for `treasury_move`, and only then a transaction is built.
 * @throws TreasuryError `treasury_not_pinned`, `treasury_wallet_missing`, `move_under_way`, `move_amount_refused`.
 */
export async function requestRefill(
  parts: TreasuryParts,
  tx: DatabaseTransaction,
  { id, intent: intentId, requester, satoshis: amount, maxFee, reason }: RefillRequest,
  by: QueueActor,
): Promise<{ readonly move: Move; readonly stored: StoredIntent }> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('trilock/treasury-moves'))`;
  const pinned = await pinnedWallets(parts, tx);
  const { hot, cold } = pinned;
  const state = { in: ['requested', 'built', 'signed', 'broadcast'] };
  if ((await tx.treasuryMove.count({ where: { fromWalletId: idToUuid(cold.id), state } })) > 0) {
    throw new TreasuryError('move_under_way', 'Another move out of the cold wallet is under way.');
  }
  const holdings = await holdingsOf(tx, pinned);
  if (amount === 0n || holdings.hot + amount > holdings.hotCap) {
    throw new TreasuryError('move_amount_refused', 'The hot wallet would hold more than its share.', {
      details: { hotSatoshis: holdings.hot.toString(), capSatoshis: holdings.hotCap.toString() },
    });
  }
  const body = {
    purpose: 'refill' as const,
    wallet: cold.id,
    descriptorHash: descriptorHash(cold.descriptor),
    maxFeeSatoshis: formatSatoshis(maxFee),
    to: {
      wallet: hot.id,
      descriptor: hot.descriptor.text,
      index: await parts.wallets.nextChangeIndex(tx, hot.id),
    },
    satoshis: formatSatoshis(amount),
    hotSatoshis: formatSatoshis(holdings.hot),
    assetsSatoshis: formatSatoshis(holdings.assets),
    reason,
  };
  const wish = { kind: 'treasury_move' as const, id: intentId, requester, body, lifetimeMs: LIFETIME_MS };
  const stored = await parts.queue.submit(tx, await parts.queue.draft(tx, wish), by);
  const row = { purpose: 'refill' as const, state: 'requested' as const, intentId, intent: null };
  const move = await insertMove(tx, parts.clock, { id, ...row, from: cold.id, to: hot.id, amount }, by);
  return { move, stored };
}
