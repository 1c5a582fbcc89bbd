import { ChainError } from '../chain/index.ts';
import { inTransaction, type Database } from '../database/index.ts';
import { appendEvent, raiseAlert } from '../events/index.ts';
import type { EventType } from '../events/event-contract.ts';
import type { LedgerClient } from '../ledger/client/index.ts';
import { crashPoint, formatSatoshis, idFromUuid, isDomainError, type Id } from '../shared/index.ts';
import { latestTry, nextTry, setWithheld } from '../wallets/index.ts';
import { bookDeposit, type Booked } from './deposit-booking.ts';
import { recordDeposit } from './deposit-audit.ts';
import { changeBooks, readCreditTip, readDeposit } from './deposit-store.ts';
import {
  beginStep,
  decideDeposit,
  nextDepositState,
  type Begun,
  type Deposit,
  type DepositState,
  type DepositStep,
} from './deposit.ts';
import { screenDeposit, type ScreeningParts } from './screen-deposit.ts';
import { unproven, type ProofParts, type Unproven } from './prove-deposit.ts';

export interface DepositParts extends ProofParts, Pick<ScreeningParts, 'screening'> {
  readonly ledger: LedgerClient;
  /** The name of the follower whose handler is `handleChainStep`. */
  readonly follower: string;
}

const WORKER = { actor: { kind: 'process', id: 'worker' }, strength: 'process' } as const;

/** Deposits looked at in one round, and so many of them at once. */
const AT_ONCE = 200;
const IN_PARALLEL = 8;

const EVENT_OF = {
  hold: 'deposit.confirming',
  drop: 'deposit.dropped',
  credit: 'deposit.credited',
  quarantine: 'deposit.quarantined',
  unquarantine: 'deposit.dropped',
  reverse: 'deposit.reversed',
  recredit: 'deposit.credited',
  set_apart: 'deposit.quarantined',
  release: 'deposit.credited',
} as const satisfies Record<DepositStep, EventType>;

/** Writes down what is about to be booked, so that whoever comes after a crash books that and nothing else. */
async function begin(parts: DepositParts, deposit: Deposit, step: DepositStep): Promise<Deposit> {
  const begun = beginStep(deposit, step);
  nextDepositState(deposit.state, step);
  await changeBooks(parts.database, deposit, {
    begunStep: begun.step,
    begunCycle: begun.cycle,
    begunBlockHash: begun.blockHash,
  });
  return { ...deposit, begun, version: deposit.version + 1 };
}

function bookedColumns(state: DepositState, { cycle, blockHash }: Begun) {
  const isBooked = state !== 'dropped' && state !== 'detected';
  return isBooked
    ? { bookedCycle: cycle, bookedBlockHash: blockHash }
    : { bookedCycle: null, bookedBlockHash: null };
}

/** The ledger has done it: the state follows, and the coin may or may not be spent accordingly. */
async function finish(parts: DepositParts, deposit: Deposit, begun: Begun): Promise<void> {
  const state = nextDepositState(deposit.state, begun.step);
  const now = new Date(parts.clock.nowMs());
  await inTransaction(parts.database, async (tx) => {
    await changeBooks(tx, deposit, {
      state,
      ...bookedColumns(state, begun),
      ...{ begunStep: null, begunCycle: null, begunBlockHash: null, refusal: null },
      creditedAt: state === 'credited' ? now : null,
      ...(state === 'reversed' ? { settleAt: now } : {}),
      nextStepAt: now,
    });
    await setWithheld(tx, deposit, state !== 'credited');
    const facts = {
      state,
      wallet: deposit.walletId,
      customer: deposit.customerId,
      balance: deposit.balance,
      outpoint: `${deposit.txid}:${deposit.vout}`,
      satoshis: formatSatoshis(deposit.satoshis),
      blockHash: begun.blockHash,
      inclusion: begun.cycle,
      ...(deposit.quarantine === null ? {} : { quarantine: deposit.quarantine }),
    };
    const before = { state: deposit.state, inclusion: deposit.booked?.cycle ?? null };
    await recordDeposit(tx, parts.clock, `deposit.${begun.step}`, deposit.id, { before, after: facts });
    const { id: subject, customerId: customer } = deposit;
    await appendEvent(tx, { type: EVENT_OF[begun.step], subject, customer, data: facts }, parts.clock);
  });
}

/**
 * The ledger refuses: kept for operators, and tried again later under another id. @returns whether there is another
 * step to take at once.
 */
async function postpone(
  parts: DepositParts,
  deposit: Deposit,
  { step }: Begun,
  refusal: string,
): Promise<boolean> {
  const isCredit = step === 'hold' || step === 'recredit';
  // A closed account takes nothing, ever: the deposit waits in suspense for somebody to decide.
  const isClosed = isCredit && refusal === 'credit_account_closed';
  await changeBooks(parts.database, deposit, {
    ...{ begunStep: null, begunCycle: null, begunBlockHash: null },
    ...(step === 'hold' ? { holdTry: deposit.holdTry + 1 } : {}),
    ...(isClosed && deposit.quarantine === null ? { quarantine: 'account_closed' } : {}),
    refusal,
    refusals: deposit.refusals + 1,
    nextStepAt: isClosed ? new Date(parts.clock.nowMs()) : nextTry(parts.clock.nowMs(), deposit.refusals),
  });
  return isClosed;
}

/** So long after something was not proven it is looked at again. */
const LOOK_AGAIN_MS = 60_000;
/** What may pass is told of when it has not by the second look. */
const MAY_PASS = 'deposit_awaits_chain';

/** The books stay as they are; what nothing honest explains operators hear of, once. */
async function holdBack(parts: DepositParts, deposit: Deposit, found: Unproven): Promise<void> {
  const { clock, database } = parts;
  const isKnown = deposit.refusal === found.code;
  const refusal = found.suspicious || isKnown || deposit.refusal === MAY_PASS ? found.code : MAY_PASS;
  await inTransaction(database, async (tx) => {
    const nextStepAt = new Date(clock.nowMs() + LOOK_AGAIN_MS);
    await changeBooks(tx, deposit, { refusal, nextStepAt });
    if (isKnown || refusal === MAY_PASS) return;
    const { code, text } = found;
    const alert = { subject: deposit.id, code, during: 'deposit.step', text };
    await raiseAlert(tx, alert, WORKER, clock);
  });
}

/**
 * Takes at most one step of one deposit: writes down what it is about to book, books it, writes down that it is
 * booked. A crash in between leaves a step begun, which the next call finishes. @returns whether there may be more to
 * do at once: not when the ledger has refused, which is tried again later.
 * @throws LedgerError; DepositError `deposit_changed_meanwhile` when another worker is at it.
 */
export async function stepDeposit(parts: DepositParts, id: Id<'deposit'>): Promise<boolean> {
  const { database } = parts;
  let deposit = await readDeposit(database, id);
  // What is begun already was begun by a process that has died, or by somebody who writes to the table.
  const step = deposit.begun?.step ?? decideDeposit(deposit, await creditTip(parts));
  if (step === null) return false;
  const doubt = await unproven(parts, deposit, step);
  if (doubt !== undefined) {
    await holdBack(parts, deposit, doubt);
    return false;
  }
  if (await screenDeposit(parts, deposit, step)) return true;
  if (deposit.begun === null) {
    deposit = await begin(parts, deposit, step);
    crashPoint('deposit.step_begun');
  }
  const { begun } = deposit;
  if (begun === null) return false;
  const booked: Booked = await bookDeposit(parts.ledger, deposit, begun);
  crashPoint('deposit.step_booked');
  if (!booked.ok) return postpone(parts, deposit, begun, booked.refusal);
  await finish(parts, deposit, begun);
  return true;
}

function creditTip({ database, follower, clock }: DepositParts): Promise<number> {
  return readCreditTip(database, follower, new Date(clock.nowMs()));
}

/** Everything whose books may not say what the chain says, and that is due. */
async function due(parts: DepositParts): Promise<readonly Id<'deposit'>[]> {
  const now = new Date(parts.clock.nowMs());
  const tip = await creditTip(parts);
  const rows = await parts.database.$queryRaw<{ id: string }[]>`
    SELECT id::text AS id FROM app.deposit
    WHERE (next_step_at <= ${now} OR next_step_at > ${latestTry(now.getTime())}) AND (
      begun_step IS NOT NULL
      OR state = 'detected' AND block_hash IS NOT NULL
      OR state IN ('confirming', 'credited', 'quarantined') AND (block_hash IS NULL OR cycle <> booked_cycle)
      OR state IN ('confirming', 'reversed') AND credit_height <= ${tip}
      OR state = 'quarantined' AND release_intent IS NOT NULL AND credit_height <= ${tip}
      OR state = 'dropped' AND block_hash IS NOT NULL)
    ORDER BY next_step_at, id LIMIT ${AT_ONCE}`;
  return rows.map(({ id }) => idFromUuid('deposit', id));
}

async function walk(parts: DepositParts, id: Id<'deposit'>): Promise<number> {
  try {
    let steps = 0;
    while (await stepDeposit(parts, id)) steps++;
    return steps;
  } catch (thrown) {
    // Somebody else is at it, or ledger or node are away, of which others tell: what was begun is found again.
    if (thrown instanceof ChainError || (isDomainError(thrown) && thrown.retryable)) return 0;
    throw thrown;
  }
}

/**
 * Brings the books to what the chain says, for everything that is due. Several workers may run: every step is
 * guarded, and the ledger's ids are the same for all. @returns the number of steps taken.
 */
export async function stepDeposits(parts: DepositParts): Promise<number> {
  const ids = [...(await due(parts))];
  let steps = 0;
  const next = async (): Promise<void> => {
    for (let id = ids.shift(); id !== undefined; id = ids.shift()) steps += await walk(parts, id);
  };
  await Promise.all(Array.from({ length: IN_PARALLEL }, next));
  return steps;
}

/** Deposits whose last step the ledger refused: an operator should look. */
export async function refusedDeposits(database: Database): Promise<number> {
  return database.deposit.count({ where: { refusal: { not: null } } });
}
