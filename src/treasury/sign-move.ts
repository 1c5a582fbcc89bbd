import { completeSpend, parsePsbtBase64 } from '../bitcoin/index.ts';
import { isSuspicious } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { describeError, isDomainError, parseSatoshis } from '../shared/index.ts';
import { releaseCoins } from '../wallets/index.ts';
import { isFinal, requirePair, withSignatures, type SourceWallet } from '../withdrawals/index.ts';
import { buildTransfer, contextOf } from './build-move.ts';
import { builtOf, checkedBundle, entitlementOf, isWanted, sourceOf, type Entitled } from './entitled-move.ts';
import { TreasuryError } from './errors.ts';
import type { Move } from './move.ts';
import { builtColumns, changeMove, stepMove } from './move-store.ts';
import { reserveFor } from './reserve-coins.ts';
import { WORKER, type TreasuryStepParts } from './treasury-parts.ts';

/** How soon it is looked at again what others have to do first. */
const LOOK_MS = 15_000;

function inMs({ clock }: TreasuryStepParts, ms: number): Date {
  return new Date(clock.nowMs() + ms);
}

/**
 * Ends a move that was not signed: what a cosigner may have signed the signer gives up first, so that it is never
 * complete, and its coins are free. @returns false when the signer has signed it.
 */
async function end(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  move: Move,
  { hash }: Pick<Entitled, 'hash'>,
  reason: string,
): Promise<boolean> {
  if (move.transaction !== null) {
    const { signed } = await parts.cosigner.revoke(hash, 'The move has ended.');
    if (signed.length > 0) return false;
    // The first of two signers may have promised the coins: it takes the second's word that it is in vain.
    const { plan } = await sourceOf(parts, tx, move);
    if (plan === 'treasury_hot') await parts.cosigner.abandon(builtOf(move).txid, 'The move has ended.');
  }
  await releaseCoins(tx, move.id);
  await stepMove(tx, parts.clock, move, 'end', { by: WORKER, change: { endReason: reason }, reason });
  return true;
}

const ENDED = { rejected: 'It was rejected.', cancelled: 'It was cancelled.', expired: 'It has expired.' };

/** Why nobody wants a move any more; undefined while somebody does. */
function unwanted(parts: TreasuryStepParts, { queued, intent }: Entitled): string | undefined {
  if (queued !== null && queued in ENDED) return ENDED[queued as keyof typeof ENDED];
  const isOver = parts.clock.nowMs() >= Date.parse(intent.expiresAt);
  return isOver && queued === null ? ENDED.expired : undefined;
}

/** `requested`: a refill is built as soon as people have approved it. */
export async function stepRequested(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  move: Move,
): Promise<void> {
  const entitled = await entitlementOf(tx, move);
  const reason = unwanted(parts, entitled);
  if (reason !== undefined) {
    await end(parts, tx, move, entitled, reason);
    return;
  }
  const { body } = entitled.intent;
  if (entitled.queued !== 'approved' || body.purpose !== 'refill') {
    await changeMove(tx, move, { lookAt: inMs(parts, LOOK_MS) });
    return;
  }
  const from = await sourceOf(parts, tx, move);
  const context = await contextOf(parts, tx, from);
  const changeIndex = await parts.wallets.nextChangeIndex(tx, from.id);
  const built = buildTransfer(
    { ...context, changeIndex },
    body.to,
    move.amount,
    parseSatoshis(body.maxFeeSatoshis),
  );
  await reserveFor(parts, tx, move.id, from.id, built);
  await stepMove(tx, parts.clock, move, 'build', { by: WORKER, change: builtColumns(built) });
}

/** The first of two signers signs, where a station would. @returns whether it did. */
async function signFirst(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  move: Move,
  wallet: SourceWallet,
): Promise<boolean> {
  if (wallet.plan !== 'treasury_hot') return false;
  const { psbt } = builtOf(move);
  const { bundle } = await checkedBundle(parts, tx, move, psbt);
  const answer = await requirePair(parts.cosigner).cosign(bundle);
  const cosigned = withSignatures(psbt, parsePsbtBase64(answer.psbt), wallet);
  await changeMove(tx, move, { cosigned, lookAt: inMs(parts, 0) });
  return true;
}

/** Notes where the coins arrive, so that the follower knows them as our own and nobody takes them for a deposit. */
async function noteArrivals(parts: TreasuryStepParts, tx: DatabaseTransaction, move: Move): Promise<void> {
  const { txid, change, psbt } = builtOf(move);
  if (change !== null) {
    const { vout, index, value } = change;
    await parts.wallets.addChange(tx, { wallet: move.from, txid, vout, index, value });
  }
  const { body } = (await entitlementOf(tx, move)).intent;
  if (body.purpose === 'consolidation' || move.to === null) return;
  const { outs } = parsePsbtBase64(psbt).transaction;
  const vout = outs.findIndex(({ value }, index) => value === move.amount && index !== change?.vout);
  const place = { wallet: move.to, txid, vout, index: body.to.index, value: move.amount };
  await parts.wallets.addChange(tx, place);
}

/** Lets the last signer complete it, checks what it answers, and stores the bytes. */
async function complete(parts: TreasuryStepParts, tx: DatabaseTransaction, move: Move): Promise<void> {
  const { txid, cosigned } = builtOf(move);
  const { wallet, bundle, verified } = await checkedBundle(parts, tx, move, cosigned ?? '');
  const { cosigner } = parts;
  const answer =
    wallet.plan === 'treasury_hot'
      ? await requirePair(cosigner).complete(bundle)
      : await cosigner.sign(bundle);
  const completed = completeSpend(parsePsbtBase64(answer.psbt), verified.expectation);
  if (completed.txid !== txid) {
    throw new TreasuryError('move_answer_wrong', 'The signer signed another transaction.', {
      details: { expected: txid, signed: completed.txid },
    });
  }
  await noteArrivals(parts, tx, move);
  const change = { transaction: Uint8Array.from(completed.bytes) };
  await stepMove(tx, parts.clock, move, 'sign', { by: WORKER, change });
}

/** `built`: whoever cosigns comes first, the platform signs last. */
export async function stepBuilt(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  move: Move,
): Promise<void> {
  if (move.signerAskedAt !== null) {
    await complete(parts, tx, move);
    return;
  }
  const entitled = await entitlementOf(tx, move);
  const reason = unwanted(parts, entitled);
  if (reason !== undefined) {
    await end(parts, tx, move, entitled, reason);
    return;
  }
  const { cosigned } = builtOf(move);
  if (!isWanted(entitled, parts.clock.nowMs())) {
    await changeMove(tx, move, { lookAt: inMs(parts, LOOK_MS) });
    return;
  }
  if (cosigned === null) {
    const wallet = await sourceOf(parts, tx, move);
    if (await signFirst(parts, tx, move, wallet)) return;
    await changeMove(tx, move, { lookAt: inMs(parts, LOOK_MS) });
    return;
  }
  await checkedBundle(parts, tx, move, cosigned);
  if (entitled.queued !== null) await parts.queue.execute(tx, move.intentId, WORKER);
  await changeMove(tx, move, { signerAskedAt: inMs(parts, 0), lookAt: inMs(parts, 0) });
}

/** Ends what no waiting will get signed, with an alert where nothing honest explains it. @returns whether it did. */
export async function giveUp(
  parts: TreasuryStepParts,
  tx: DatabaseTransaction,
  move: Move,
  thrown: unknown,
): Promise<boolean> {
  if ((move.state !== 'built' && move.state !== 'requested') || !isFinal(thrown)) return false;
  return await end(parts, tx, move, await entitlementOf(tx, move), describeError(thrown));
}

/** Operators hear of what neither haste nor the chain explains. */
export async function alarm(
  { clock }: TreasuryStepParts,
  tx: DatabaseTransaction,
  { id }: Move,
  thrown: unknown,
): Promise<void> {
  if (!isDomainError(thrown) || !isSuspicious(thrown.code)) return;
  const { code, message: text } = thrown;
  await raiseAlert(tx, { subject: id, code, during: 'treasury.step', text }, WORKER, clock);
}
