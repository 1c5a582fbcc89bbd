import { inTransaction } from '../database/index.ts';
import { accountId, bookEvent } from '../ledger/client/index.ts';
import { idFromUuid, MAX_MONEY, type Id } from '../shared/index.ts';
import { BITCOIN_ASSET } from '../wallets/index.ts';
import { changeBooks, readDeposit } from './deposit-store.ts';
import { recordDeposit } from './deposit-audit.ts';
import { partiesOf } from './deposit-booking.ts';
import type { DepositParts } from './step-deposits.ts';
import type { Deposit } from './deposit.ts';

/** Money comes in by transfers too, and freezes end: so long after a look at it there is the next. */
const LOOK_AGAIN_MS = 60_000;
const AT_ONCE = 50;

/** Attempts of a deposit's own collections begin here; far above any number of inclusions and tries. */
const SETTLE_ATTEMPTS = 1_000_000_000_000;

/** What the owner of a deposit owes, and what of it could be paid at once. */
async function debtOf(
  { ledger }: DepositParts,
  deposit: Deposit,
): Promise<{ owed: bigint; payable: bigint }> {
  const { balance, walletId, customerId } = deposit;
  const isVault = balance === 'vault';
  const owner = isVault ? walletId : (customerId ?? walletId);
  const { value } = await ledger.accounts([
    accountId(isVault ? 'vault' : 'spending', BITCOIN_ASSET, owner),
    accountId(isVault ? 'vaultReceivable' : 'spendingReceivable', BITCOIN_ASSET, owner),
  ]);
  const [account, receivable] = value;
  const owed = (receivable?.debitsPosted ?? 0n) - (receivable?.creditsPosted ?? 0n);
  const available = account?.available ?? 0n;
  return { owed, payable: available < owed ? available : owed };
}

/** @returns whether anything was paid. */
async function settle(parts: DepositParts, id: Id<'deposit'>): Promise<boolean> {
  const { database, ledger, clock } = parts;
  const deposit = await readDeposit(database, id);
  const { owed, payable } = await debtOf(parts, deposit);
  let paid = false;
  if (payable > 0n) {
    const { results } = await ledger.submit(
      bookEvent({
        event: `${deposit.balance}ReceivableCollected`,
        entity: deposit.id,
        // Apart from the collection that goes with a credit, whose attempt is the inclusion.
        attempt: SETTLE_ATTEMPTS + deposit.settleTry,
        asset: BITCOIN_ASSET,
        parties: partiesOf(deposit),
        amounts: { amount: MAX_MONEY },
      }),
    );
    paid = results.every(({ result }) => result === 'ok');
  }
  await inTransaction(database, async (tx) => {
    await changeBooks(tx, deposit, {
      settleTry: deposit.settleTry + 1,
      settleAt: owed === 0n ? null : new Date(clock.nowMs() + LOOK_AGAIN_MS),
    });
    if (paid) {
      const after = { satoshis: payable.toString() };
      await recordDeposit(tx, clock, 'deposit.settle', deposit.id, { after });
    }
  });
  return paid;
}

/**
 * Pays what customers owe for deposits that have left the chain, as soon as their balance has something and may be
 * debited. Booking it twice is harmless: it takes no more than what is owed. @returns how many debts were paid on.
 */
export async function settleReceivables(parts: DepositParts): Promise<number> {
  const now = new Date(parts.clock.nowMs());
  const rows = await parts.database.deposit.findMany({
    where: { settleAt: { lte: now } },
    orderBy: { settleAt: 'asc' },
    select: { id: true },
    take: AT_ONCE,
  });
  let paid = 0;
  for (const { id } of rows) {
    if (await settle(parts, idFromUuid('deposit', id))) paid++;
  }
  return paid;
}
