import {
  bookEvent,
  type EventName,
  type LedgerClient,
  type Occurrence,
  type Parties,
  type ResultName,
} from '../ledger/client/index.ts';
import { MAX_MONEY } from '../shared/index.ts';
import { BITCOIN_ASSET } from '../wallets/index.ts';
import { isOvertaken, type Begun, type Deposit, type DepositStep } from './deposit.ts';

/** What the ledger made of a step. */
export type Booked = { readonly ok: true } | { readonly ok: false; readonly refusal: ResultName };

/** Ids of a later try lie far from those of later inclusions. */
const TRY_STRIDE = 1_000_000;

/** The names of the events without the prefix of the book; `frozen` when the balance may not be debited. */
const EVENTS = {
  hold: { usual: 'DepositSeen', frozen: null },
  drop: { usual: 'DepositDropped', frozen: null },
  credit: { usual: 'DepositCredited', frozen: null },
  quarantine: { usual: 'DepositQuarantined', frozen: null },
  unquarantine: { usual: 'DepositUnquarantined', frozen: null },
  reverse: { usual: 'DepositReversed', frozen: 'DepositReversedFrozen' },
  recredit: { usual: 'DepositRemined', frozen: 'DepositReminedFrozen' },
  set_apart: { usual: 'DepositSetApart', frozen: null },
  release: { usual: 'DepositReleased', frozen: null },
} as const satisfies Record<DepositStep, { usual: string; frozen: string | null }>;

/** May be tried anew under another id. The others end a hold and name its try. */
const MOVES: ReadonlySet<DepositStep> = new Set([
  'unquarantine',
  'reverse',
  'recredit',
  'set_apart',
  'release',
]);

const CREDITING: ReadonlySet<DepositStep> = new Set(['credit', 'recredit', 'release']);

/** Whose accounts a deposit touches. */
export function partiesOf(deposit: Deposit): Parties {
  const { balance, walletId, customerId } = deposit;
  if (balance === 'vault') return { vaultWallet: walletId };
  // A deposit that nobody was given the address for is held against the treasury's wallet, never credited.
  return { treasuryWallet: walletId, customer: customerId ?? walletId };
}

function occurrence(
  deposit: Deposit,
  begun: Begun,
  name: string,
  amount: bigint = deposit.satoshis,
): Occurrence {
  const tries = MOVES.has(begun.step) ? deposit.refusals : deposit.holdTry;
  return {
    event: `${deposit.balance}${name}` as EventName,
    entity: deposit.id,
    attempt: begun.cycle + tries * TRY_STRIDE,
    asset: BITCOIN_ASSET,
    parties: partiesOf(deposit),
    amounts: { amount },
  };
}

/** The reason of a refused chain: its members that were only dragged along do not count. */
function refusalOf(results: readonly { readonly result: ResultName }[]): ResultName | null {
  const bad = results.filter(({ result }) => result !== 'ok' && result !== 'exists');
  return (bad.find(({ result }) => result !== 'linked_record_failed') ?? bad[0])?.result ?? null;
}

/**
 * Books a step that was begun. Ids follow from outpoint, inclusion and try, so booking it again is harmless.
 * @throws LedgerError when it is unknown what became of it: book the same again.
 */
export async function bookDeposit(ledger: LedgerClient, deposit: Deposit, begun: Begun): Promise<Booked> {
  const { usual, frozen } = EVENTS[begun.step];
  const commands = bookEvent(occurrence(deposit, begun, usual));
  // What is owed is paid from all that is available. A frozen balance is not debited: then it stays owed.
  const collection =
    begun.step === 'credit' || begun.step === 'release'
      ? bookEvent(occurrence(deposit, begun, 'ReceivableCollected', MAX_MONEY))
      : [];
  // What has left the chain meanwhile is taken back in the same request, so that nobody can spend it in between. Later
  // the same is booked once more, by its own step.
  const reversal =
    CREDITING.has(begun.step) && isOvertaken(deposit)
      ? bookEvent(occurrence(deposit, { ...begun, step: 'reverse' }, EVENTS.reverse.usual))
      : [];
  const { results } = await ledger.submit([...commands, ...collection, ...reversal]);
  const first = refusalOf(results.slice(0, commands.length));
  if (first === null) return { ok: true };
  const mayOwe = first === 'debit_account_frozen' || first === 'debit_account_closed';
  if (!mayOwe || frozen === null) return { ok: false, refusal: first };
  const second = refusalOf((await ledger.submit(bookEvent(occurrence(deposit, begun, frozen)))).results);
  return second === null ? { ok: true } : { ok: false, refusal: second };
}
