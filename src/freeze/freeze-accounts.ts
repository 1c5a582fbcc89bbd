import {
  accountId,
  BITCOIN_ASSET,
  bookEvent,
  openAccount,
  stepTransferId,
  type AccountCommand,
  type AccountFlagsCommand,
  type LedgerClient,
} from '../ledger/client/index.ts';
import { MAX_MONEY, type CustomerId, type WalletId } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import type { RestrictionId } from './restriction.ts';

/** Why flags change, in the ledger's log. */
const CODE = { freeze: 1, unfreeze: 2, close: 3 } as const;

const FLAGS = {
  freeze: { set: { frozen: true } },
  unfreeze: { clear: { frozen: true } },
  close: { set: { frozen: true, closed: true } },
} as const;

/** Whose accounts: one customer's spending balance, unless it is left as it is, and vaults. */
export interface FrozenParties {
  readonly customer: CustomerId;
  readonly spending: boolean;
  readonly vaults: readonly WalletId[];
}

/** Opened first where they do not exist, so that a balance which comes later is frozen too. */
function openings({ customer, spending, vaults }: FrozenParties): AccountCommand[] {
  return [
    ...(spending ? [openAccount('spending', BITCOIN_ASSET, { customer })] : []),
    ...vaults.map((vaultWallet) => openAccount('vault', BITCOIN_ASSET, { vaultWallet })),
  ];
}

function accountsOf({ customer, spending, vaults }: FrozenParties) {
  return [
    ...(spending ? [{ name: 'spending', id: accountId('spending', BITCOIN_ASSET, customer) }] : []),
    ...vaults.map((wallet) => ({ name: wallet, id: accountId('vault', BITCOIN_ASSET, wallet) })),
  ];
}

/** Whether every account has a flag as it is. @throws LedgerError when the ledger is away. */
export async function areAll(
  ledger: Pick<LedgerClient, 'accounts'>,
  parties: FrozenParties,
  flag: 'frozen' | 'closed',
): Promise<boolean> {
  const ids = accountsOf(parties).map(({ id }) => id);
  if (ids.length === 0) return true;
  const { value } = await ledger.accounts(ids);
  return value.every((account) => account?.flags[flag] === true);
}

function changes(
  restriction: RestrictionId,
  parties: FrozenParties,
  change: keyof typeof CODE,
): AccountFlagsCommand[] {
  return accountsOf(parties).map(({ name, id }) => ({
    kind: 'accountFlags',
    id: stepTransferId(restriction, `${change}/${name}`),
    accountId: id,
    ...FLAGS[change],
    code: CODE[change],
  }));
}

/** What the ledger says of an account that is not empty. */
const NOT_EMPTY = {
  account_has_a_balance: 'A balance is left in the account.',
  account_has_holds: 'A payment from or to the account is under way.',
} as const;

/**
 * Closes a customer's accounts for good, all or none, in the same order as transfers: none of them debits or credits
 * one afterwards. Repeating it for the same restriction changes nothing. @returns why they are not closed.
 * @throws FreezeError `restriction_not_acknowledged`; LedgerError when the ledger is away.
 */
export async function closeAccounts(
  ledger: Pick<LedgerClient, 'submit'>,
  restriction: RestrictionId,
  parties: Omit<FrozenParties, 'spending'>,
): Promise<string | undefined> {
  const all = { ...parties, spending: true };
  const opened = openings(all);
  const closing = changes(restriction, all, 'close');
  const chain = closing.map((change, index) =>
    index + 1 < closing.length ? { ...change, flags: { linked: true } } : change,
  );
  const { results } = await ledger.submit([...opened, ...chain]);
  const bad = results.map(({ result }) => result).filter((result) => result !== 'ok' && result !== 'exists');
  if (bad.length === 0) return undefined;
  for (const result of bad) {
    if (result === 'account_has_a_balance' || result === 'account_has_holds') return NOT_EMPTY[result];
  }
  throw notTaken(restriction, bad[0]);
}

/**
 * What the customer came to owe meanwhile, for deposits that a reorganisation took back and that were credited anew:
 * a frozen balance is not debited, so it has both. It is paid in the very request that unfreezes, before anybody can
 * spend it.
 */
function collections(
  restriction: RestrictionId,
  { customer, spending, vaults }: FrozenParties,
): ReturnType<typeof bookEvent> {
  const owing = { entity: restriction, asset: BITCOIN_ASSET, amounts: { amount: MAX_MONEY } };
  return [
    ...(spending
      ? bookEvent({ ...owing, event: 'spendingReceivableCollected', attempt: 1, parties: { customer } })
      : []),
    ...vaults.flatMap((vaultWallet, index) =>
      bookEvent({
        ...owing,
        event: 'vaultReceivableCollected',
        attempt: index + 1,
        parties: { vaultWallet },
      }),
    ),
  ];
}

/**
 * Freezes or unfreezes a customer's accounts, in the same order as transfers: none that is booked afterwards debits
 * them. Repeating it for the same restriction changes nothing. @throws FreezeError `restriction_not_acknowledged`;
 * LedgerError when the ledger is away.
 */
export async function changeAccounts(
  ledger: Pick<LedgerClient, 'submit'>,
  restriction: RestrictionId,
  parties: FrozenParties,
  change: 'freeze' | 'unfreeze',
): Promise<void> {
  if (!parties.spending && parties.vaults.length === 0) return;
  const commands = [...openings(parties), ...changes(restriction, parties, change)];
  const paid = change === 'unfreeze' ? collections(restriction, parties) : [];
  const { results } = await ledger.submit([...commands, ...paid]);
  // What cannot be paid yet stays owed, and is asked for again (`settleReceivables`).
  const refused = results
    .slice(0, commands.length)
    .find(({ result }) => result !== 'ok' && result !== 'exists');
  if (refused !== undefined) throw notTaken(restriction, refused.result);
}

function notTaken(restriction: RestrictionId, result = ''): FreezeError {
  return new FreezeError('restriction_not_acknowledged', 'The ledger does not take the restriction.', {
    retryable: true,
    details: { restriction, result },
  });
}
