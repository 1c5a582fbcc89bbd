import { isSuccess, RESULT } from '../../../src/ledger/client/index.ts';
import { decodeRecord, RECORD_BYTES, type LedgerRecord } from '../../../src/ledger/format/index.ts';
import { Replica } from '../../../src/ledger/recovery/replica.ts';
import { ACCOUNTS, FUNDING, sameAnswer, type Answered, type Customer } from './customer.ts';
import type { MemoryDatabase } from './memory-store.ts';

function claim(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`invariant broken: ${what}`);
}

/** Examines log and answers after all is over. Throws with the name of the invariant that does not hold. */
export function checkStory(database: MemoryDatabase, customers: readonly Customer[]): void {
  const { log, balances } = replay(database);
  const answered = customers.flatMap((customer) => customer.answered);
  checkAnswers(answered, log);
  checkOnce(log);
  checkReads(customers, balances);
}

/** Single history: one chain of hashes from beginning to end, which replays to the very results it holds. */
function replay(database: MemoryDatabase): {
  log: LedgerRecord[];
  balances: Map<number, Map<bigint, bigint | undefined>>;
} {
  const replica = Replica.empty(0, { idsPerGeneration: 1, accounts: 8, holds: 8 });
  const log: LedgerRecord[] = [];
  const balances = new Map<number, Map<bigint, bigint | undefined>>();
  const take = (): void => {
    const now = new Map<bigint, bigint | undefined>();
    let sum = 0n;
    for (const id of [FUNDING, ...ACCOUNTS]) {
      const account = replica.engine.account(id);
      now.set(id, account === undefined ? undefined : account.creditsPosted - account.debitsPosted);
      claim(id === FUNDING || account === undefined || account.available >= 0n, 'no overdraft');
      sum += now.get(id) ?? 0n;
    }
    claim(sum === 0n, 'conservation');
    balances.set(replica.place.sequence, now);
  };
  take();
  for (const batch of database.batches) {
    replica.apply(batch);
    for (let at = 0; at < batch.records.byteLength; at += RECORD_BYTES)
      log.push(decodeRecord(batch.records, at));
    take();
  }
  return { log, balances };
}

/** No answered command is lost, and whoever asks again hears the same. */
function checkAnswers(answered: readonly Answered[], log: readonly LedgerRecord[]): void {
  const first = new Map<bigint, Answered>();
  for (const entry of answered) {
    const { command, answer } = entry;
    const logged = log[answer.position];
    claim(logged?.id === command.id, 'an answer names its place in the log');
    claim(logged.result === RESULT[answer.result], 'an answer is what the log holds');
    // A refusal by form or time uses nothing up: a later try may succeed.
    if (answer.outcome === 'refused') continue;
    const before = first.get(command.id);
    if (before === undefined) first.set(command.id, entry);
    else claim(sameAnswer(before.answer, answer), 'the same answer on retry');
    if (!isSuccess(RESULT[answer.result])) continue;
    claim(
      log.some(({ id, outcome }) => id === command.id && outcome === 'applied'),
      'no answered command is lost',
    );
  }
}

function checkOnce(log: readonly LedgerRecord[]): void {
  const used = new Set<string>();
  for (const { id, kind, outcome, pendingId } of log) {
    if (outcome !== 'applied' && (outcome !== 'rejected' || kind === 'account')) continue;
    const name = kind === 'expiry' ? `expiry ${pendingId}` : `${kind === 'account' ? 'account' : 'id'} ${id}`;
    claim(!used.has(name), `nothing is applied twice (${name})`);
    used.add(name);
  }
}

/** A read shows exactly the books as of the batch it names, and never older ones than an answer given before. */
function checkReads(
  customers: readonly Customer[],
  balances: ReadonlyMap<number, ReadonlyMap<bigint, bigint | undefined>>,
): void {
  for (const { id, balance, sequence, notBefore } of customers.flatMap((customer) => customer.reads)) {
    claim(sequence >= notBefore, 'a read is not older than what was answered before it');
    const then = balances.get(sequence);
    claim(then !== undefined, 'a read names a batch of the log');
    claim(then.get(id) === balance, 'a read shows the books as of its batch');
  }
}
