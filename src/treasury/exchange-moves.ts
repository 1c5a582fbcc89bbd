import { appendAudit } from '../audit/index.ts';
import { withAlarm, type QueueActor } from '../approvals/index.ts';
import { parsePsbtBase64, transactionId } from '../bitcoin/index.ts';
import { inTransaction } from '../database/index.ts';
import { parseSigningBundle, type SigningBundle } from '../intents/index.ts';
import { isDomainError } from '../shared/index.ts';
import { withSignatures, type ExchangeParts } from '../withdrawals/index.ts';
import { builtOf, checkedBundle, entitlementOf, isWanted } from './entitled-move.ts';
import { TreasuryError } from './errors.ts';
import { awaitedMoves, changeMove, lockMoveOf } from './move-store.ts';
import type { MoveId } from './move.ts';

/** A bundle of a move that waits for its station. */
export interface AwaitedMove {
  readonly move: MoveId;
  readonly txid: string;
  readonly bundle: SigningBundle;
}

/** What waits for a station; what two signers spend waits for none. */
export async function awaitedMoveBundles(
  parts: ExchangeParts,
  onDamaged: (move: MoveId, thrown: unknown) => void,
): Promise<readonly AwaitedMove[]> {
  return await inTransaction(parts.database, async (tx) => {
    const awaited: AwaitedMove[] = [];
    for (const move of await awaitedMoves(tx)) {
      try {
        if (!isWanted(await entitlementOf(tx, move), parts.clock.nowMs())) continue;
        const { txid, psbt } = builtOf(move);
        const { wallet, bundle } = await checkedBundle(parts, tx, move, psbt);
        if (wallet.plan !== 'treasury_hot') awaited.push({ move: move.id, txid, bundle });
      } catch (thrown) {
        if (!isDomainError(thrown)) throw thrown;
        onDamaged(move.id, thrown);
      }
    }
    return awaited;
  });
}

async function takeBack(
  parts: ExchangeParts,
  offered: SigningBundle,
  by: QueueActor,
): Promise<{ readonly move: MoveId; readonly txid: string } | undefined> {
  const theirs = parsePsbtBase64(offered.psbt);
  return await inTransaction(parts.database, async (tx) => {
    const move = await lockMoveOf(tx, transactionId(theirs.transaction));
    if (move === undefined) return undefined;
    const { txid, psbt, cosigned } = builtOf(move);
    if (cosigned !== null) return { move: move.id, txid };
    if (move.state !== 'built' || move.from !== offered.wallet) {
      throw new TreasuryError('move_not_awaited', 'This bundle is not waited for any more.');
    }
    const { wallet } = await checkedBundle(parts, tx, move, psbt);
    if (wallet.plan === 'treasury_hot') {
      throw new TreasuryError('move_not_awaited', 'Two signers spend this wallet, and no station.');
    }
    await changeMove(tx, move, {
      cosigned: withSignatures(psbt, theirs, wallet),
      lookAt: new Date(parts.clock.nowMs()),
    });
    const { actor, strength, requestId } = by;
    const entry = { actor, strength, action: 'treasury.cosign', entity: move.id, after: { txid } };
    await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, parts.clock);
    return { move: move.id, txid };
  });
}

/**
 * Takes a bundle back from the station: only its signatures, onto our own PSBT. The same one again changes nothing.
 * @returns undefined for one that belongs to no move. @throws IntentError `bundle_malformed`; BitcoinError; TreasuryError
 * `move_not_awaited`; WithdrawalError `bundle_signature_missing`.
 */
export async function importMoveBundle(
  parts: ExchangeParts,
  document: unknown,
  by: QueueActor,
): Promise<{ readonly move: MoveId; readonly txid: string } | undefined> {
  const offered = parseSigningBundle(document);
  const about = { subject: offered.wallet, during: 'treasury.cosign' };
  return await withAlarm(parts, about, by, () => takeBack(parts, offered, by));
}
