import { appendAudit } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import { outpointOf, parsePsbtBase64, psbtToBase64, type BuiltSpend } from '../bitcoin/index.ts';
import type { DatabaseTransaction, Prisma } from '../database/index.ts';
import {
  canonicalJson,
  idFromUuid,
  idToUuid,
  satoshis,
  type Clock,
  type JsonValue,
} from '../shared/index.ts';
import { TreasuryError } from './errors.ts';
import {
  decide,
  MOVE_PURPOSES,
  MOVE_STATES,
  type Move,
  type MoveCommand,
  type MoveId,
  type MoveTransaction,
} from './move.ts';

type Row = Prisma.TreasuryMoveModel;

function oneOf<const Name extends string>(names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new RangeError(`a move says ${text}`);
  return found;
}

function transactionOf(row: Row): MoveTransaction | null {
  const { txid, psbt, fee, changeVout, changeIndex, changeValue, cosigned, transaction } = row;
  if (txid === null || psbt === null || fee === null) return null;
  const hasChange = changeVout !== null && changeIndex !== null && changeValue !== null;
  return {
    ...{ txid, psbt, cosigned, bytes: transaction },
    fee: satoshis(fee),
    outpoints: parsePsbtBase64(psbt).transaction.ins.map(outpointOf),
    change: hasChange ? { vout: changeVout, index: changeIndex, value: satoshis(changeValue) } : null,
  };
}

function moveOf(row: Row): Move {
  const { version, intent, signerAskedAt, confirmedCycle, failures, hindrance, endReason, createdAt } = row;
  return {
    ...{ version, intent, signerAskedAt, confirmedCycle, failures, hindrance, endReason, createdAt },
    id: idFromUuid('treasuryMove', row.id),
    purpose: oneOf(MOVE_PURPOSES, row.purpose),
    state: oneOf(MOVE_STATES, row.state),
    intentId: idFromUuid('intent', row.intentId),
    from: idFromUuid('wallet', row.fromWalletId),
    to: row.toWalletId === null ? null : idFromUuid('wallet', row.toWalletId),
    amount: satoshis(row.satoshis),
    transaction: transactionOf(row),
  };
}

/** @throws TreasuryError `move_unknown`. */
export async function findMove(tx: DatabaseTransaction, id: MoveId): Promise<Move> {
  const row = await tx.treasuryMove.findUnique({ where: { id: idToUuid(id) } });
  if (row === null) throw new TreasuryError('move_unknown', 'There is no such move.');
  return moveOf(row);
}

/** A page of moves, ended ones too, the newest first. */
export async function listMoves(
  tx: Pick<DatabaseTransaction, 'treasuryMove'>,
  { limit, after }: { readonly limit: number; readonly after: MoveId | null },
): Promise<readonly Move[]> {
  const rows = await tx.treasuryMove.findMany({
    where: after === null ? {} : { id: { lt: idToUuid(after) } },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows.map(moveOf);
}

/** Those that wait for their other cosigner, the oldest first. */
export async function awaitedMoves(tx: DatabaseTransaction): Promise<readonly Move[]> {
  const where = { state: 'built', cosigned: null, signerAskedAt: null };
  return (await tx.treasuryMove.findMany({ where, orderBy: { createdAt: 'asc' } })).map(moveOf);
}

/** The move that a transaction belongs to, locked; undefined when it belongs to none. */
export async function lockMoveOf(tx: DatabaseTransaction, txid: string): Promise<Move | undefined> {
  await tx.$queryRaw`SELECT 1 FROM treasury_move WHERE txid = ${txid} FOR UPDATE`;
  const row = await tx.treasuryMove.findUnique({ where: { txid } });
  return row === null ? undefined : moveOf(row);
}

/** The longest due one, locked; those that others work on are skipped. */
export async function takeDue(tx: DatabaseTransaction, now: Date): Promise<Move | undefined> {
  const [row] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM treasury_move WHERE look_at <= ${now} ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
  return row === undefined ? undefined : await findMove(tx, idFromUuid('treasuryMove', row.id));
}

/** The columns of a transaction that was just built. */
export function builtColumns({ psbt, txid, fee, change }: BuiltSpend) {
  return {
    ...{ txid, fee, psbt: psbtToBase64(psbt) },
    changeVout: change?.outputIndex ?? null,
    changeIndex: change?.position.index ?? null,
    changeValue: change?.value ?? null,
  };
}

/** Writes a move down, with its audit row. */
export async function insertMove(
  tx: DatabaseTransaction,
  clock: Clock,
  move: Pick<Move, 'id' | 'purpose' | 'state' | 'intentId' | 'from' | 'to' | 'amount'> & {
    readonly intent: object | null;
    readonly built?: BuiltSpend;
  },
  by: QueueActor,
): Promise<Move> {
  const now = new Date(clock.nowMs());
  const { id, purpose, state, intentId, intent, from, to, amount, built } = move;
  await tx.treasuryMove.create({
    data: {
      ...{ purpose, state, satoshis: amount, createdAt: now, changedAt: now, lookAt: now },
      ...(built === undefined ? {} : builtColumns(built)),
      id: idToUuid(id),
      intentId: idToUuid(intentId),
      intent: intent === null ? null : canonicalJson(intent as JsonValue),
      fromWalletId: idToUuid(from),
      toWalletId: to === null ? null : idToUuid(to),
    },
  });
  const after = {
    purpose,
    intent: intentId,
    from,
    to,
    satoshis: amount.toString(),
    txid: built?.txid ?? null,
  };
  await audit(tx, clock, id, 'treasury.move', by, { after });
  return await findMove(tx, id);
}

async function audit(
  tx: DatabaseTransaction,
  clock: Clock,
  entity: MoveId,
  action: string,
  { actor, strength, requestId }: QueueActor,
  what: { readonly before?: JsonValue; readonly after: JsonValue; readonly reason?: string },
): Promise<void> {
  const request = requestId === undefined ? {} : { requestId };
  await appendAudit(tx, { actor, strength, action, entity, ...what, ...request }, clock);
}

export type MoveChange = Omit<
  Prisma.TreasuryMoveUncheckedUpdateManyInput,
  'state' | 'version' | 'changedAt' | 'failures' | 'hindrance'
>;

/** Guarded by state and version. @throws TreasuryError `move_changed_meanwhile`. */
export async function changeMove(
  tx: DatabaseTransaction,
  { id, state, version }: Move,
  change: Prisma.TreasuryMoveUncheckedUpdateManyInput,
): Promise<void> {
  const { count } = await tx.treasuryMove.updateMany({
    where: { id: idToUuid(id), state, version },
    data: { hindrance: null, failures: 0, ...change, version: version + 1 },
  });
  if (count === 1) return;
  throw new TreasuryError('move_changed_meanwhile', 'Somebody else was faster; look again.', {
    retryable: true,
  });
}

/** Takes a step of the state table, with its audit row. @throws TreasuryError `move_step_forbidden`, `move_changed_meanwhile`. */
export async function stepMove(
  tx: DatabaseTransaction,
  clock: Clock,
  move: Move,
  command: MoveCommand,
  {
    by,
    change = {},
    reason,
  }: { readonly by: QueueActor; readonly change?: MoveChange; readonly reason?: string },
): Promise<void> {
  const state = decide(move.state, command);
  const now = new Date(clock.nowMs());
  await changeMove(tx, move, { lookAt: state === 'ended' ? null : now, ...change, state, changedAt: now });
  const facts = { before: { state: move.state }, after: { state, txid: move.transaction?.txid ?? null } };
  await audit(tx, clock, move.id, `treasury.${command}`, by, {
    ...facts,
    ...(reason === undefined ? {} : { reason }),
  });
}
