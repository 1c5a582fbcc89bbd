import type { DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { BITCOIN_ASSET, bookEvent } from '../ledger/client/index.ts';
import { isSpentAlready } from '../withdrawals/index.ts';
import { builtOf } from './entitled-move.ts';
import { TreasuryError } from './errors.ts';
import type { Move } from './move.ts';
import { changeMove, stepMove } from './move-store.ts';
import { WORKER, type TreasuryStepParts } from './treasury-parts.ts';

/** Blocks come every ten minutes. */
const CHAIN_LOOK_MS = 15_000;
/** No reorganisation as deep as this is followed without a person. */
const BURIED_BLOCKS = 144;

function lookLater({ clock }: TreasuryStepParts): { readonly lookAt: Date } {
  return { lookAt: new Date(clock.nowMs() + CHAIN_LOOK_MS) };
}

/** The height of the block that has it; undefined while none does. @throws TreasuryError `move_damaged`. */
async function heightOf(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  move: Move,
): Promise<{ readonly height: number } | { readonly conflict: string } | undefined> {
  const { txid, outpoints } = builtOf(move);
  const spendings = await parts.wallets.spendings(tx, outpoints);
  const stranger = spendings.find(({ byTxid }) => byTxid !== txid);
  if (stranger !== undefined) return { conflict: stranger.byTxid };
  const [first] = spendings;
  return first && { height: first.height };
}

/**
 * Books that the coins are in the other wallet, and the network fee as the institution's; or takes that back when the
 * block has gone. Each confirmation has its own number, so that a repetition changes nothing.
 * @throws TreasuryError `move_not_booked`; LedgerError.
 */
async function book(
  { ledger }: TreasuryStepParts,
  move: Move,
  event: 'treasuryMoved' | 'treasuryMoveUndone',
  attempt: number,
): Promise<void> {
  const { id, from, to, amount } = move;
  const { results } = await ledger.transfer(
    bookEvent({
      ...{ event, entity: id, attempt, asset: BITCOIN_ASSET },
      parties: { treasuryWallet: from, ...(to === null ? {} : { other: to }) },
      amounts: { arrived: amount, fee: builtOf(move).fee },
    }),
  );
  const refused = results.find(({ result }) => result !== 'ok' && result !== 'exists');
  if (refused === undefined) return;
  throw new TreasuryError('move_not_booked', 'The ledger does not book the move.', {
    details: { move: id, result: refused.result },
    retryable: true,
  });
}

async function send(parts: TreasuryStepParts, move: Move): Promise<void> {
  const { txid, bytes } = builtOf(move);
  if (bytes === null || (await parts.node.mempoolEntry(txid)) !== undefined) return;
  try {
    await parts.node.broadcast(bytes);
  } catch (thrown) {
    if (!isSpentAlready(thrown)) throw thrown;
  }
}

/** `signed`: the bytes are stored, and are sent. */
export async function stepSigned(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  move: Move,
): Promise<void> {
  await send(parts, move);
  await stepMove(tx, parts.clock, move, 'broadcast', { by: WORKER });
}

/** `broadcast`: waits for a block, and keeps the same bytes in the mempool. */
export async function stepBroadcast(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  move: Move,
): Promise<void> {
  const found = await heightOf(parts, tx, move);
  if (found === undefined) {
    await send(parts, move);
    await changeMove(tx, move, lookLater(parts));
    return;
  }
  if ('conflict' in found) {
    const text = 'A coin of a move is spent by another transaction.';
    const alert = { subject: move.id, code: 'move_conflict', during: 'treasury.step', text };
    await raiseAlert(tx, alert, WORKER, parts.clock);
    // Whose loss it is no program decides.
    await changeMove(tx, move, { lookAt: null, hindrance: `${text} ${found.conflict}` });
    return;
  }
  const confirmedCycle = move.confirmedCycle + 1;
  await book(parts, move, 'treasuryMoved', confirmedCycle);
  await stepMove(tx, parts.clock, move, 'confirm', {
    by: WORKER,
    change: { confirmedCycle, ...lookLater(parts) },
  });
}

/** `confirmed`: until it is buried, a reorganisation may take it back. */
export async function stepConfirmed(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  move: Move,
): Promise<void> {
  const found = await heightOf(parts, tx, move);
  if (found === undefined || 'conflict' in found) {
    await book(parts, move, 'treasuryMoveUndone', move.confirmedCycle);
    const reason = 'A reorganisation has taken its block from the chain.';
    await stepMove(tx, parts.clock, move, 'unconfirm', { by: WORKER, reason });
    return;
  }
  const { height } = await parts.node.tip();
  const isBuried = height - found.height + 1 >= BURIED_BLOCKS;
  await changeMove(tx, move, isBuried ? { lookAt: null } : lookLater(parts));
}
