import type { Database, DatabaseTransaction, Prisma } from '../database/index.ts';
import { idFromUuid, idToUuid, satoshis, type Id } from '../shared/index.ts';
import { readChainHold } from './chain-hold.ts';
import {
  DEPOSIT_STATES,
  DEPOSIT_STEPS,
  QUARANTINE_REASONS,
  type Begun,
  type Deposit,
  type DepositBlock,
  type DepositState,
} from './deposit.ts';
import { DepositError } from './errors.ts';

/** Below every block. */
const HELD = -1;

export type Tables = Database | DatabaseTransaction;

/** What a deposit is read with. */
export const WITH_COIN = {
  coin: { select: { coinbase: true } },
  address: { select: { address: true } },
} as const;

export type DepositRow = Prisma.DepositModel & {
  readonly coin: { readonly coinbase: boolean };
  readonly address: { readonly address: string };
};

function oneOf<const Name extends string>(names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  // CHECK constraints hold the columns to these names.
  if (found === undefined) throw new RangeError(`a deposit says ${text}`);
  return found;
}

function begunOf({ begunStep, begunCycle, begunBlockHash }: DepositRow): Begun | null {
  if (begunStep === null || begunCycle === null || begunBlockHash === null) return null;
  return { step: oneOf(DEPOSIT_STEPS, begunStep), cycle: begunCycle, blockHash: begunBlockHash };
}

function blockOf({ height, blockHash, creditHeight }: DepositRow): DepositBlock | null {
  if (height === null || blockHash === null || creditHeight === null) return null;
  return { height, hash: blockHash, creditHeight };
}

export function depositOf(row: DepositRow): Deposit {
  const { bookedCycle, bookedBlockHash } = row;
  return {
    id: idFromUuid('deposit', row.id),
    txid: row.txid,
    vout: row.vout,
    walletId: idFromUuid('wallet', row.walletId),
    addressId: idFromUuid('address', row.addressId),
    address: row.address.address,
    customerId: row.customerId === null ? null : idFromUuid('customer', row.customerId),
    balance: oneOf(['vault', 'spending'], row.balance),
    satoshis: satoshis(row.satoshis),
    coinbase: row.coin.coinbase,
    block: blockOf(row),
    cycle: row.cycle,
    state: oneOf(DEPOSIT_STATES, row.state),
    version: row.version,
    booked:
      bookedCycle === null || bookedBlockHash === null
        ? null
        : { cycle: bookedCycle, blockHash: bookedBlockHash },
    begun: begunOf(row),
    refusals: row.refusals,
    refusal: row.refusal,
    holdTry: row.holdTry,
    settleTry: row.settleTry,
    quarantine: row.quarantine === null ? null : oneOf(QUARANTINE_REASONS, row.quarantine),
    releaseIntent: row.releaseIntent === null ? null : idFromUuid('intent', row.releaseIntent),
    detectedAt: row.detectedAt,
    creditedAt: row.creditedAt,
  };
}

/** @throws DepositError `deposit_unknown`. */
export async function readDeposit(tables: Tables, id: Id<'deposit'>): Promise<Deposit> {
  const row = await tables.deposit.findUnique({ where: { id: idToUuid(id) }, include: WITH_COIN });
  if (row === null) throw new DepositError('deposit_unknown', 'There is no such deposit.');
  return depositOf(row);
}

/** What the guarded update may write; never what the chain says. */
export type BookChange = Pick<
  Prisma.DepositUncheckedUpdateManyInput,
  | 'bookedCycle'
  | 'bookedBlockHash'
  | 'begunStep'
  | 'begunCycle'
  | 'begunBlockHash'
  | 'refusals'
  | 'refusal'
  | 'holdTry'
  | 'settleAt'
  | 'settleTry'
  | 'quarantine'
  | 'releaseIntent'
  | 'customerId'
  | 'creditedAt'
  | 'nextStepAt'
> & { readonly state?: DepositState };

/** Guarded by state and version. @throws DepositError `deposit_changed_meanwhile`. */
export async function changeBooks(tx: Tables, deposit: Deposit, change: BookChange): Promise<void> {
  const { count } = await tx.deposit.updateMany({
    where: { id: idToUuid(deposit.id), state: deposit.state, version: deposit.version },
    data: { ...change, version: { increment: 1 } },
  });
  if (count !== 1) {
    throw new DepositError('deposit_changed_meanwhile', 'The deposit was changed meanwhile.', {
      retryable: true,
    });
  }
}

/**
 * How high the chain is as far as credits go: nothing is deep enough while it is held, because nobody knows what the
 * chain says.
 */
export async function readCreditTip(tables: Tables, follower: string, now: Date): Promise<number> {
  return (await readChainHold(tables, follower, now)) === null ? readTipHeight(tables, follower) : HELD;
}

/** Where the follower stands; 0 before it has begun. */
export async function readTipHeight(tables: Tables, follower: string): Promise<number> {
  const row = await tables.chainFollower.findUnique({ where: { name: follower } });
  return row?.height ?? 0;
}
