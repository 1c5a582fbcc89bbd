import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import type { IntentKind, IntentOf } from '../intents/index.ts';
import { idFromUuid, isDomainError, type Clock, type DomainError, type IntentId } from '../shared/index.ts';
import type { ApprovalQueue } from './approval-queue.ts';
import type { QueueActor } from './queue-parts.ts';
import { requireKind, type StoredIntent } from './stored-intent.ts';
import { isSuspicious } from './suspicion.ts';

/** What the worker is called in the audit log. */
export const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };

/** In one look; the next look takes the rest. */
const AT_ONCE = 20;

export interface SettleParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly queue: ApprovalQueue;
}

/** How intents of a kind are carried out. */
export interface Carrier<Kind extends IntentKind> {
  readonly kind: Kind;
  /** For alerts, as `<context>.<verb>`. */
  readonly during: string;
  /**
   * Does what was approved, in the same transaction. @returns why it cannot be done any more, in words: it is rejected
   * then. A DomainError that is not retryable rejects it too, and takes back what was written.
   */
  readonly act: (
    tx: DatabaseTransaction,
    stored: StoredIntent<IntentOf<Kind>>,
  ) => Promise<string | undefined>;
}

/** Whether an approved intent may be carried out now: by people's words, the policy and the manifest of this moment. */
async function isDue(
  { queue, clock }: SettleParts,
  tx: DatabaseTransaction,
  stored: StoredIntent,
  during: string,
): Promise<'due' | 'settled' | 'rests'> {
  const { id } = stored;
  if (!(await queue.carriesWords(tx, stored, WORKER, during))) return 'settled';
  const found = await queue.recheck(tx, stored);
  if (found.verdict === 'denied') {
    await queue.deny(tx, id, WORKER, found.reason);
    return 'settled';
  }
  if (found.verdict === 'unmet') {
    if (!found.explained) {
      const text = 'It was stored as approved, and too few people have approved it.';
      await raiseAlert(tx, { subject: id, code: 'approvals_insufficient', during, text }, WORKER, clock);
    }
    await queue.void(tx, id, WORKER, 'The policy asks for more than when it was approved.');
    return 'settled';
  }
  return clock.nowMs() < found.coolUntilMs ? 'rests' : 'due';
}

/** What was approved is refused for good; whatever of it was written must not stay. */
class Refused extends Error {
  readonly by: DomainError;

  constructor(by: DomainError) {
    super(by.message, { cause: by });
    this.by = by;
  }
}

async function unlessRefused<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    if (isDomainError(thrown) && !thrown.retryable) throw new Refused(thrown);
    throw thrown;
  }
}

/** Rejects it, in a transaction of its own; operators hear of what nothing honest causes. */
async function refuse(
  { database, queue, clock }: SettleParts,
  id: IntentId,
  during: string,
  { code, message: text }: DomainError,
): Promise<void> {
  await inTransaction(database, async (tx) => {
    await queue.deny(tx, id, WORKER, text);
    if (isSuspicious(code)) await raiseAlert(tx, { subject: id, code, during, text }, WORKER, clock);
  });
}

async function settle<Kind extends IntentKind>(
  parts: SettleParts,
  tx: DatabaseTransaction,
  id: IntentId,
  { kind, during, act }: Carrier<Kind>,
): Promise<boolean> {
  const { queue } = parts;
  const stored = requireKind(await queue.lock(tx, id), kind);
  if (stored.state !== 'approved') return false;
  const verdict = await isDue(parts, tx, stored, during);
  if (verdict !== 'due') return verdict === 'settled';
  const obstacle = await unlessRefused(() => act(tx, stored));
  if (obstacle === undefined) await queue.execute(tx, id, WORKER);
  else await queue.deny(tx, id, WORKER, obstacle);
  return true;
}

/**
 * Carries approved intents of a kind out, each in one transaction with its mark, so that a crash anywhere leaves all
 * of it or nothing. What the table calls approved is checked from the bytes that people signed.
 * @returns how many there were to settle.
 */
export async function settleApproved<Kind extends IntentKind>(
  parts: SettleParts,
  carrier: Carrier<Kind>,
): Promise<number> {
  const rows = await parts.database.queuedIntent.findMany({
    where: { kind: carrier.kind, state: 'approved' },
    orderBy: { changedAt: 'asc' },
    select: { id: true },
    take: AT_ONCE,
  });
  let settled = 0;
  for (const { id } of rows) {
    const intent = idFromUuid('intent', id);
    try {
      if (await inTransaction(parts.database, (tx) => settle(parts, tx, intent, carrier))) settled += 1;
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      await refuse(parts, intent, carrier.during, thrown.by);
      settled += 1;
    }
  }
  return settled;
}
