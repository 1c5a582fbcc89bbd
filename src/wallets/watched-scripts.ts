import { WatchList } from '../chain/index.ts';
import type { Database, DatabaseTransaction } from '../database/index.ts';
import { WalletError } from './errors.ts';

/** Scripts read at once while the list is filled. */
const PAGE = 20_000;

async function countSince(tables: Database | DatabaseTransaction, xid: bigint): Promise<bigint> {
  const [row] = await tables.$queryRaw<{ count: bigint }[]>`
    SELECT count(*) AS count FROM app.wallet_address WHERE added_xid >= ${xid}`;
  return row?.count ?? 0n;
}

/**
 * The scripts and coins that the chain is searched for, kept in step with the tables. Addresses are added by other
 * processes at any time; `requireComplete` proves, inside the transaction that commits a block, that none was
 * missing when the block was searched: an address is paid only after its row was committed, so before the block.
 */
export class WatchedScripts {
  readonly list: WatchList;
  readonly #database: Database;
  /** Every row of a transaction below this id is in the list. */
  #below = 0n;
  /** So many rows of it and of later transactions are in the list too. */
  #loadedSince = 0n;

  constructor(database: Database) {
    this.#database = database;
    this.list = new WatchList(async (scripts) => {
      const rows = await database.walletAddress.findMany({
        where: { script: { in: scripts.map((script) => Uint8Array.from(script)) } },
        select: { script: true },
      });
      const known = new Set(rows.map(({ script }) => Buffer.from(script).toString('hex')));
      return scripts.map((script) => known.has(Buffer.from(script).toString('hex')));
    });
  }

  /** Takes in what was added since the last time; at first everything, coins too. */
  async refresh(): Promise<void> {
    if (this.#below === 0n) await this.#addCoins();
    // Before the rows are read: what commits in between is read now and once more the next time.
    const [edge] = await this.#database.$queryRaw<{ xmin: bigint }[]>`
      SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin`;
    const xmin = edge?.xmin ?? 0n;
    let loadedSince = 0n;
    let after = '00000000-0000-0000-0000-000000000000';
    for (;;) {
      const rows = await this.#database.$queryRaw<{ id: string; script: Uint8Array; added: bigint }[]>`
        SELECT id::text AS id, script, added_xid AS added FROM app.wallet_address
        WHERE added_xid >= ${this.#below} AND id > ${after}::uuid ORDER BY id LIMIT ${PAGE}`;
      for (const { script, added } of rows) {
        this.list.addScript(script);
        if (added >= xmin) loadedSince++;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) break;
      after = last.id;
    }
    this.#below = xmin;
    this.#loadedSince = loadedSince;
  }

  async #addCoins(): Promise<void> {
    let after: { txid: string; vout: number } | undefined;
    for (;;) {
      const coins: { txid: string; vout: number }[] = await this.#database.coin.findMany({
        select: { txid: true, vout: true },
        orderBy: [{ txid: 'asc' }, { vout: 'asc' }],
        take: PAGE,
        ...(after === undefined ? {} : { cursor: { txid_vout: after }, skip: 1 }),
      });
      for (const coin of coins) this.list.addOutpoint(coin);
      after = coins.at(-1);
      if (after === undefined || coins.length < PAGE) return;
    }
  }

  /** @throws WalletError `wallet_changed_meanwhile` (retryable): `refresh`, and search the block again. */
  async requireComplete(tx: DatabaseTransaction): Promise<void> {
    if ((await countSince(tx, this.#below)) === this.#loadedSince) return;
    throw new WalletError('wallet_changed_meanwhile', 'Addresses were added while a block was searched.', {
      retryable: true,
    });
  }
}
