import {
  BitcoinError,
  buildConsolidations,
  feeForTransactionWeight,
  multisigInputWeight,
  transactionWeight,
  type BuiltSpend,
} from '../bitcoin/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { descriptorHash, type TreasuryMoveBody } from '../intents/index.ts';
import { formatSatoshis, idToUuid, newId, satoshis, ZERO_SATOSHIS, type Satoshis } from '../shared/index.ts';
import type { SourceWallet } from '../withdrawals/index.ts';
import { buildTransfer, contextOf, worthOf, type MoveContext } from './build-move.ts';
import { TreasuryError } from './errors.ts';
import { insertMove } from './move-store.ts';
import { holdingsOf, pinnedWallets, type PinnedWallets } from './pinned-wallets.ts';
import { reserveFor } from './reserve-coins.ts';
import { USUAL_CONSOLIDATION, WORKER, type TreasuryStepParts } from './treasury-parts.ts';

/** Less is not worth a transaction of its own. */
const LEAST_SWEEP = 100_000n;
/** Long enough for the next cold window, and for the one after it. */
const LIFETIME_MS = 7 * 24 * 3_600_000;
/** Both outputs of a sweep are P2WSH. */
const OUTPUTS = { count: 2, weight: 2 * 4 * (8 + 1 + 34) };
/** So many coins at once stay far below what one transaction, and one PSBT, may hold. */
const MOST_COINS = 200;

/** Whether nothing is on its way out of a wallet already. */
async function isFree(tx: DatabaseTransaction, from: SourceWallet): Promise<boolean> {
  const state = { in: ['requested', 'built', 'signed', 'broadcast'] };
  return (await tx.treasuryMove.count({ where: { fromWalletId: idToUuid(from.id), state } })) === 0;
}

/** Writes down what the system makes by itself: the intent says just the fee that the transaction pays. */
async function draw(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  wish: {
    readonly from: SourceWallet;
    readonly to: SourceWallet | null;
    readonly amount: Satoshis;
    readonly built: BuiltSpend;
    readonly bodyOf: (source: {
      wallet: string;
      descriptorHash: string;
      maxFeeSatoshis: string;
    }) => TreasuryMoveBody;
  },
): Promise<void> {
  const { from, to, amount, built, bodyOf } = wish;
  const body = bodyOf({
    wallet: from.id,
    descriptorHash: descriptorHash(from.descriptor),
    maxFeeSatoshis: formatSatoshis(built.fee),
  });
  const intentId = newId('intent');
  const intent = await parts.queue.draft(tx, {
    ...{ kind: 'treasury_move', id: intentId, requester: 'worker', body },
    lifetimeMs: LIFETIME_MS,
  });
  const move = { id: newId('treasuryMove'), purpose: body.purpose, state: 'built' as const, intentId };
  const { id } = await insertMove(
    tx,
    parts.clock,
    { ...move, intent, from: from.id, to: to?.id ?? null, amount, built },
    WORKER,
  );
  await reserveFor(parts, tx, id, from.id, built);
}

/** What would be left of all free coins after the fee of spending them all. */
function sweepable({ coins, feeRate, wallet }: MoveContext): bigint {
  const weight = coins.length * multisigInputWeight(wallet.threshold, wallet.keys.length);
  const whole = transactionWeight({ count: coins.length, weight }, OUTPUTS);
  return worthOf(coins) - feeForTransactionWeight(feeRate, whole);
}

/** From hot to cold, down to half of the cap, as soon as the hot wallet holds more than the cap. */
async function drawSweep(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  pinned: PinnedWallets,
): Promise<boolean> {
  const { hot, cold } = pinned;
  const holdings = await holdingsOf(tx, pinned);
  if (holdings.hot <= holdings.hotCap || !(await isFree(tx, hot))) return false;
  const whole = await contextOf(parts, tx, hot);
  const coins = [...whole.coins].sort((a, b) => (a.value > b.value ? -1 : 1)).slice(0, MOST_COINS);
  const context = { ...whole, coins };
  const excess = holdings.hot - holdings.hotCap / 2n;
  const most = sweepable(context);
  const amount = excess < most ? excess : most;
  if (amount < LEAST_SWEEP) return false;
  const to = {
    wallet: cold.id,
    descriptor: cold.descriptor.text,
    index: await parts.wallets.nextChangeIndex(tx, cold.id),
  };
  const changeIndex = await parts.wallets.nextChangeIndex(tx, hot.id);
  const built = buildTransfer({ ...context, changeIndex }, to, satoshis(amount));
  await draw(parts, tx, {
    ...{ from: hot, to: cold, amount: satoshis(amount), built },
    bodyOf: (source) => ({ purpose: 'sweep', ...source, to, satoshis: amount.toString() }),
  });
  return true;
}

/** Merges the smallest coins of a wallet that has many, while fees are low. */
async function drawConsolidation(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  from: SourceWallet,
): Promise<boolean> {
  const { coins: many, upToFeeRate } = parts.consolidation ?? USUAL_CONSOLIDATION;
  const confirmed = { height: { not: null }, spentHeight: null, withheld: false };
  const count = await tx.coin.count({ where: { walletId: idToUuid(from.id), ...confirmed } });
  if (count < many || !(await isFree(tx, from))) return false;
  const context = await contextOf(parts, tx, from);
  if (context.feeRate > upToFeeRate || context.coins.length < many) return false;
  const coins = [...context.coins].sort((a, b) => (a.value < b.value ? -1 : 1)).slice(0, MOST_COINS);
  const changeIndex = await parts.wallets.nextChangeIndex(tx, from.id);
  const [built] = buildConsolidations({ ...context, coins, changeIndex });
  if (built === undefined) return false;
  await draw(parts, tx, {
    ...{ from, to: null, amount: ZERO_SATOSHIS, built },
    bodyOf: (source) => ({ purpose: 'consolidation', ...source }),
  });
  return true;
}

/** What passes by itself: coins become free, the officers pin a treasury, the wallets open. */
function isPassing(thrown: unknown): boolean {
  if (thrown instanceof BitcoinError) return thrown.code === 'insufficient_funds';
  const passing = ['treasury_not_pinned', 'treasury_wallet_missing'];
  return thrown instanceof TreasuryError && passing.includes(thrown.code);
}

/**
 * Draws what the treasury needs and nobody has to ask for: a sweep of what the hot wallet holds above its cap, and
 * the merger of small coins. One move at a time leaves a wallet. @returns how many it drew.
 */
export async function drawMoves(parts: TreasuryStepParts): Promise<number> {
  if ((await parts.trust.manifest()).treasury === undefined) return 0;
  try {
    return await inTransaction(parts.database, async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('trilock/treasury-moves'))`;
      const pinned = await pinnedWallets(parts, tx);
      if (await drawSweep(parts, tx, pinned)) return 1;
      for (const wallet of [pinned.hot, pinned.cold]) {
        if (await drawConsolidation(parts, tx, wallet)) return 1;
      }
      return 0;
    });
  } catch (thrown) {
    if (isPassing(thrown)) return 0;
    throw thrown;
  }
}
