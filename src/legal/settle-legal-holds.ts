import {
  findIntent,
  isSuspicious,
  requireKind,
  verifyStored,
  type StoredIntent,
} from '../approvals/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import type { LegalHoldLiftIntent } from '../intents/index.ts';
import { formatSatoshis, idToUuid, isDomainError, parseId, satoshis } from '../shared/index.ts';
import { LegalError } from './errors.ts';
import { availableFor, holdPiece, letGoPiece } from './legal-hold-ledger.ts';
import { findLegalHold, lookAgain, moveLegalHold, takeDue, tell } from './legal-hold-store.ts';
import type { LegalHold, Piece } from './legal-hold.ts';
import { WORKER, type LegalStepParts } from './legal-parts.ts';

/** How often a balance is looked at that does not have all that an order names. */
const LOOK_MS = 5_000;
/** So long one rests that has failed. */
const FAILED_MS = 60_000;

function later(parts: LegalStepParts, ms: number): Date {
  return new Date(parts.clock.nowMs() + ms);
}

/** Writes down how much is held next, before it is. */
async function beginPiece(parts: LegalStepParts, tx: DatabaseTransaction, hold: LegalHold): Promise<void> {
  const missing = hold.satoshis - hold.heldSatoshis;
  const available = await availableFor(parts.ledger, hold);
  const amount = available < missing ? available : missing;
  if (amount <= 0n) {
    await lookAgain(tx, hold, later(parts, LOOK_MS));
    return;
  }
  const number = hold.pieces.length + 1;
  const holdId = idToUuid(hold.id);
  await tx.legalHoldPiece.create({ data: { holdId, number, satoshis: amount, state: 'begun' } });
  await lookAgain(tx, hold, later(parts, 0));
}

async function finishPiece(
  parts: LegalStepParts,
  tx: DatabaseTransaction,
  hold: LegalHold,
  piece: Piece,
): Promise<void> {
  const isHeld = await holdPiece(parts.ledger, hold, piece);
  await tx.legalHoldPiece.update({
    where: { holdId_number: { holdId: idToUuid(hold.id), number: piece.number } },
    data: { state: isHeld ? 'held' : 'refused' },
  });
  const held = satoshis(hold.heldSatoshis + (isHeld ? piece.satoshis : 0n));
  if (held < hold.satoshis) {
    await lookAgain(tx, hold, later(parts, isHeld ? 0 : LOOK_MS), held);
    return;
  }
  const now = later(parts, 0);
  const done = await moveLegalHold(tx, hold, 'hold', now, { heldSatoshis: held });
  await tell(tx, parts.clock, done, 'legal_hold.held', WORKER);
}

/** By people's signatures alone: a row that says so is not enough. @throws LegalError `legal_hold_damaged`; IntentError. */
async function requireLift(parts: LegalStepParts, tx: DatabaseTransaction, hold: LegalHold): Promise<void> {
  if (hold.liftIntent === null) throw new RangeError('a hold that is lifted has an intent');
  const stored = requireKind(await findIntent(tx, hold.liftIntent), 'legal_hold_lift');
  if (stored.state !== 'executed' || !isAbout(hold, stored.intent)) {
    throw new LegalError('legal_hold_damaged', 'The stored hold is not what was approved to be lifted.', {
      details: { hold: hold.id },
    });
  }
  // It was in time when it was carried out; what it sets going may take longer.
  const atMs = Math.min(parts.clock.nowMs(), Date.parse(stored.intent.expiresAt) - 1);
  await verifyStored(stored, await parts.manifest(), atMs);
}

async function letGo(parts: LegalStepParts, tx: DatabaseTransaction, hold: LegalHold): Promise<void> {
  await requireLift(parts, tx, hold);
  for (const piece of hold.pieces) {
    if (piece.state !== 'refused') await letGoPiece(parts.ledger, hold, piece);
  }
  const lifted = await moveLegalHold(tx, hold, 'let_go', later(parts, 0));
  await tell(tx, parts.clock, lifted, 'legal_hold.lifted', WORKER);
}

async function carryOn(parts: LegalStepParts, tx: DatabaseTransaction, hold: LegalHold): Promise<void> {
  const begun = hold.pieces.find(({ state }) => state === 'begun');
  if (hold.state === 'lifting') await letGo(parts, tx, hold);
  else if (begun !== undefined) await finishPiece(parts, tx, hold, begun);
  else await beginPiece(parts, tx, hold);
}

/** Others are not kept waiting for one that fails; operators hear of what nothing honest causes. */
async function postpone(parts: LegalStepParts, { id }: LegalHold, thrown: unknown): Promise<void> {
  await inTransaction(parts.database, async (tx) => {
    const where = { id: idToUuid(id), lookAt: { not: null } };
    await tx.legalHold.updateMany({ where, data: { lookAt: later(parts, FAILED_MS) } });
    if (!isDomainError(thrown) || !isSuspicious(thrown.code)) return;
    const alert = { subject: id, code: thrown.code, during: 'legal_hold.step', text: thrown.message };
    await raiseAlert(tx, alert, WORKER, parts.clock);
  });
}

async function step(parts: LegalStepParts): Promise<boolean> {
  let taken: LegalHold | undefined;
  try {
    return await inTransaction(parts.database, async (tx) => {
      taken = await takeDue(tx, later(parts, 0));
      if (taken === undefined) return false;
      await carryOn(parts, tx, taken);
      return true;
    });
  } catch (thrown) {
    if (taken !== undefined) await postpone(parts, taken, thrown);
    throw thrown;
  }
}

function isAbout(hold: LegalHold, { body }: LegalHoldLiftIntent): boolean {
  return (
    body.customer === hold.customer &&
    body.satoshis === formatSatoshis(hold.satoshis) &&
    body.reference === hold.reference &&
    body.imposedBy === hold.imposedBy
  );
}

async function carryOut(
  parts: LegalStepParts,
  tx: DatabaseTransaction,
  stored: StoredIntent<LegalHoldLiftIntent>,
): Promise<void> {
  const { queue } = parts;
  const { intent, id } = stored;
  await tx.$queryRaw`SELECT 1 FROM legal_hold WHERE id = ${idToUuid(parseId('legalHold', intent.body.hold))}::uuid FOR UPDATE`;
  const hold = await findLegalHold(tx, parseId('legalHold', intent.body.hold));
  if (!isAbout(hold, intent) || (hold.state !== 'holding' && hold.state !== 'held')) {
    await queue.deny(tx, id, WORKER, 'The hold is not what was approved, or lifted already.');
    return;
  }
  if (!(await queue.carriesWords(tx, stored, WORKER, 'legal_hold.lift'))) return;
  await queue.execute(tx, id, WORKER);
  await moveLegalHold(tx, hold, 'lift', later(parts, 0), { liftIntentId: idToUuid(id) });
}

async function begin(parts: LegalStepParts): Promise<boolean> {
  return await inTransaction(parts.database, async (tx) => {
    const stored = await parts.queue.takeApproved(tx, 'legal_hold_lift');
    if (stored === undefined) return false;
    await carryOut(parts, tx, stored);
    return true;
  });
}

/**
 * Carries legal orders on: approved lifts begin, and the ledger holds or lets go what it has not yet. May be repeated
 * after a crash anywhere; any number of workers may do it. @returns how many things there were to do.
 * @throws LegalError `legal_hold_not_booked`; LedgerError.
 */
export async function settleLegalHolds(parts: LegalStepParts): Promise<number> {
  return Number(await begin(parts)) + Number(await step(parts));
}
