import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { describeError, idToUuid } from '../shared/index.ts';
import { drawMoves } from './draw-moves.ts';
import { stepBroadcast, stepConfirmed, stepSigned } from './follow-move.ts';
import { findMove, takeDue } from './move-store.ts';
import type { Move, MoveState } from './move.ts';
import { alarm, giveUp, stepBuilt, stepRequested } from './sign-move.ts';
import type { TreasuryStepParts } from './treasury-parts.ts';

/** Verifying and signing a large transaction takes seconds, and the signer's answer may take a minute. */
const STEP_TIMEOUT_MS = 120_000;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;
const MAX_HINDRANCE_LENGTH = 500;
/** How often it is looked whether a sweep or a merger is due. */
const DRAW_EVERY_MS = 30_000;

type Step = (parts: TreasuryStepParts, tx: DatabaseTransaction, move: Move) => Promise<void>;

/** What each state wants next. */
const STEPS: Partial<Record<MoveState, Step>> = {
  requested: stepRequested,
  built: stepBuilt,
  signed: stepSigned,
  broadcast: stepBroadcast,
  confirmed: stepConfirmed,
};

/** In a transaction of its own: what failed has left nothing behind. */
async function afterFailure(parts: TreasuryStepParts, failed: Move, thrown: unknown): Promise<void> {
  await inTransaction(
    parts.database,
    async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM treasury_move WHERE id = ${idToUuid(failed.id)}::uuid FOR UPDATE`;
      const move = await findMove(tx, failed.id);
      const hindrance = describeError(thrown).slice(0, MAX_HINDRANCE_LENGTH);
      // Once, not at every look.
      if (hindrance !== move.hindrance) await alarm(parts, tx, move, thrown);
      if (await giveUp(parts, tx, move, thrown)) return;
      const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(move.failures, 20), MAX_BACKOFF_MS);
      const lookAt = new Date(parts.clock.nowMs() + backoff);
      await tx.treasuryMove.updateMany({
        where: { id: idToUuid(move.id), version: move.version },
        data: { failures: move.failures + 1, hindrance, lookAt },
      });
    },
    { timeoutMs: STEP_TIMEOUT_MS },
  );
}

/** Takes the next step of whichever move is due. @returns whether there was one. */
async function stepOnce(parts: TreasuryStepParts, onFailure: (thrown: unknown) => void): Promise<boolean> {
  let due: Move | undefined;
  try {
    return await inTransaction(
      parts.database,
      async (tx) => {
        due = await takeDue(tx, new Date(parts.clock.nowMs()));
        if (due === undefined) return false;
        await STEPS[due.state]?.(parts, tx, due);
        return true;
      },
      { timeoutMs: STEP_TIMEOUT_MS },
    );
  } catch (thrown) {
    if (due === undefined) throw thrown;
    onFailure(thrown);
    await afterFailure(parts, due, thrown);
    return true;
  }
}

/**
 * Work for the loop: draws what is due now and then, and carries moves on, one step at a time, each stored in one
 * transaction with its audit row. What happens outside may be repeated, so a crash anywhere is made good.
 */
export function treasuryWork(
  parts: TreasuryStepParts,
  onFailure: (thrown: unknown) => void,
): () => Promise<number> {
  let drawAgainAtMs = 0;
  return async () => {
    const stepped = Number(await stepOnce(parts, onFailure));
    const nowMs = parts.clock.nowMs();
    // Also when the clock was put back.
    if (nowMs < drawAgainAtMs && drawAgainAtMs - nowMs <= DRAW_EVERY_MS) return stepped;
    drawAgainAtMs = nowMs + DRAW_EVERY_MS;
    return stepped + (await drawMoves(parts));
  };
}
