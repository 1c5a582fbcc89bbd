import type { WalletPosition } from '../bitcoin/index.ts';
import type { Outpoint } from '../chain/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import {
  idToUuid,
  satoshis,
  type Clock,
  type Id,
  type IdKind,
  type Satoshis,
  type WalletId,
} from '../shared/index.ts';
import { addressOf } from './addresses.ts';
import { WalletError } from './errors.ts';
import type { Tables } from './wallet-store.ts';

/** Coinbases are spendable in the hundredth block after theirs (COINBASE_MATURITY). */
const COINBASE_MATURITY = 100;

/** A coin that may be spent now. Its transaction is asked of the node, by txid and block. */
export interface SpendableCoin extends Outpoint {
  readonly satoshis: Satoshis;
  readonly position: WalletPosition;
  readonly script: Uint8Array;
  /** Blocks on top, its own included; 0 for own change that waits. */
  readonly confirmations: number;
  readonly ownChange: boolean;
  readonly blockHash: string | null;
}

/**
 * The coins that a wallet may spend now: credited deposits and own change, confirmed or not, that nothing on the
 * chain spends and nobody has reserved. Deposits that are not credited, are quarantined, or left the chain are not
 * among them. `tipHeight` is where the follower stands.
 */
export async function spendableCoins(
  tables: Tables,
  walletId: WalletId,
  tipHeight: number,
  now: Date,
): Promise<readonly SpendableCoin[]> {
  const rows = await tables.coin.findMany({
    where: {
      walletId: idToUuid(walletId),
      withheld: false,
      spentHeight: null,
      OR: [{ reservedUntil: null }, { reservedUntil: { lte: now } }],
      AND: [{ OR: [{ height: { not: null } }, { source: 'change' }] }],
    },
    include: { address: true },
    orderBy: [{ height: { sort: 'asc', nulls: 'last' } }, { txid: 'asc' }, { vout: 'asc' }],
  });
  return rows.flatMap((row) => {
    const confirmations = row.height === null ? 0 : tipHeight - row.height + 1;
    if (row.coinbase && confirmations < COINBASE_MATURITY) return [];
    const { branch, index, script } = addressOf(row.address);
    return [
      {
        ...{ txid: row.txid, vout: row.vout, script, confirmations, blockHash: row.blockHash },
        satoshis: satoshis(row.satoshis),
        position: { branch, index },
        ownChange: row.source === 'change',
      },
    ];
  });
}

/**
 * Reserves coins for a transaction that is being built, all or none, until `until`. What `holder` has reserved
 * already is only prolonged. Run it in the transaction that stores what they are for.
 * @throws WalletError `coin_unavailable` when one was spent or reserved meanwhile.
 */
export async function reserveCoins(
  tx: DatabaseTransaction,
  clock: Clock,
  request: {
    readonly walletId: WalletId;
    readonly coins: readonly Outpoint[];
    readonly holder: Id<IdKind>;
    readonly until: Date;
  },
): Promise<void> {
  const now = new Date(clock.nowMs());
  const free = [{ reservedUntil: null }, { reservedUntil: { lte: now } }, { reservedFor: request.holder }];
  // In one order for everybody, so that two who want the same coins wait and do not deadlock.
  const coins = [...request.coins].sort((a, b) => a.txid.localeCompare(b.txid) || a.vout - b.vout);
  for (const { txid, vout } of coins) {
    const { count } = await tx.coin.updateMany({
      where: {
        ...{ txid, vout, walletId: idToUuid(request.walletId), withheld: false, spentHeight: null },
        OR: free,
      },
      data: { reservedFor: request.holder, reservedUntil: request.until },
    });
    if (count !== 1) {
      throw new WalletError('coin_unavailable', 'A coin was spent or reserved meanwhile.', {
        details: { txid, vout },
        retryable: true,
      });
    }
  }
}

/** Gives back whatever `holder` has reserved. */
export async function releaseCoins(tx: DatabaseTransaction, holder: Id<IdKind>): Promise<number> {
  const { count } = await tx.coin.updateMany({
    where: { reservedFor: holder },
    data: { reservedFor: null, reservedUntil: null },
  });
  return count;
}

export interface OwnChange extends Outpoint {
  readonly walletId: WalletId;
  /** Of the address row on the change branch. */
  readonly addressId: Id<'address'>;
  readonly satoshis: Satoshis;
}

/** Notes the change of a transaction of ours that was broadcast, so that it can be spent before a block has it. */
export async function addOwnChange(tx: DatabaseTransaction, change: OwnChange, now: Date): Promise<void> {
  await tx.coin.createMany({
    data: [
      {
        txid: change.txid,
        vout: change.vout,
        walletId: idToUuid(change.walletId),
        addressId: idToUuid(change.addressId),
        satoshis: change.satoshis,
        source: 'change',
        coinbase: false,
        withheld: false,
        addedAt: now,
      },
    ],
    skipDuplicates: true,
  });
}

/** A transaction of ours was replaced or conflicts: its change is not spent while no block has it. */
export async function withholdOwnChange(tx: DatabaseTransaction, txid: string): Promise<void> {
  await tx.coin.updateMany({ where: { txid, source: 'change', height: null }, data: { withheld: true } });
}

/** The same transaction was broadcast again. */
export async function restoreOwnChange(tx: DatabaseTransaction, txid: string): Promise<void> {
  await tx.coin.updateMany({ where: { txid, source: 'change', height: null }, data: { withheld: false } });
}

/** Whether a coin may be spent: for whoever credits it, or takes the credit back. */
export async function setWithheld(
  tx: DatabaseTransaction,
  { txid, vout }: Outpoint,
  withheld: boolean,
): Promise<void> {
  await tx.coin.updateMany({ where: { txid, vout }, data: { withheld } });
}

/** A block of the followed chain spent one of our coins. */
export interface SpendEvent extends Outpoint {
  readonly byTxid: string;
  readonly height: number;
  readonly blockHash: string;
  readonly seenAt: Date;
  /** When that block left the chain; null while it is on it. */
  readonly undoneAt: Date | null;
}

/** Everything that blocks have done to these coins, oldest first, blocks that are gone included. */
export async function spendsOf(
  tables: Tables,
  outpoints: readonly Outpoint[],
): Promise<readonly SpendEvent[]> {
  if (outpoints.length === 0) return [];
  const rows = await tables.coinSpend.findMany({
    where: { OR: outpoints.map(({ txid, vout }) => ({ txid, vout })) },
    orderBy: { seenAt: 'asc' },
  });
  return rows;
}
