import {
  accountId,
  BITCOIN_ASSET,
  bookEvent,
  type LedgerClient,
  type ResultName,
} from '../ledger/client/index.ts';
import { LegalError } from './errors.ts';
import type { LegalHold, Piece } from './legal-hold.ts';

type Ledger = Pick<LedgerClient, 'transfer' | 'accounts'>;

function commands(
  { id, balance, customer, wallet }: LegalHold,
  { number, satoshis }: Piece,
  isLift: boolean,
) {
  return bookEvent({
    event: `${balance}${isLift ? 'LegalLifted' : 'LegalHeld'}`,
    entity: id,
    attempt: number,
    asset: BITCOIN_ASSET,
    parties: balance === 'vault' ? { vaultWallet: wallet } : { customer, treasuryWallet: wallet },
    ...(isLift ? {} : { amounts: { amount: satoshis } }),
  });
}

function refused({ id }: LegalHold, result: ResultName): never {
  throw new LegalError('legal_hold_not_booked', 'The ledger does not book the hold.', {
    retryable: true,
    details: { hold: id, result },
  });
}

/** What of the balance nothing holds. */
export async function availableFor(
  ledger: Ledger,
  { balance, customer, wallet }: LegalHold,
): Promise<bigint> {
  const owner = balance === 'vault' ? wallet : customer;
  const { value } = await ledger.accounts([accountId(balance, BITCOIN_ASSET, owner)]);
  return value[0]?.available ?? 0n;
}

/** What may pass: the balance was faster, or is frozen, or is not there yet. */
const PASSING: ReadonlySet<ResultName> = new Set<ResultName>([
  'exceeds_credits',
  'debit_account_frozen',
  'debit_account_not_found',
]);

/** Books a piece. @returns false when it is refused for good under this number. @throws LegalError; LedgerError. */
export async function holdPiece(ledger: Ledger, hold: LegalHold, piece: Piece): Promise<boolean> {
  const { results } = await ledger.transfer(commands(hold, piece, false));
  const result = results[0]?.result ?? 'linked_record_failed';
  if (result === 'ok' || result === 'exists') return true;
  return PASSING.has(result) ? false : refused(hold, result);
}

/**
 * Lets a piece go. It is booked once more before, in the same request: one that was never made is made and let go at
 * once, or refused for good, so that nothing that is still on its way holds anything afterwards.
 */
export async function letGoPiece(ledger: Ledger, hold: LegalHold, piece: Piece): Promise<void> {
  const { results } = await ledger.transfer([
    ...commands(hold, piece, false),
    ...commands(hold, piece, true),
  ]);
  const result = results.at(-1)?.result ?? 'linked_record_failed';
  if (result !== 'ok' && result !== 'exists' && result !== 'pending_transfer_not_found')
    refused(hold, result);
}
