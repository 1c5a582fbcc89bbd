import { join } from 'node:path';
import type { Queryable } from '../../../src/postgres/index.ts';
import { idFromUuid } from '../../../src/shared/index.ts';
import type { FaultWorld } from '../support/fault-world.ts';
import { eventually } from '../support/patience.ts';
import type { Promises } from '../support/promises.ts';
import { checkBalances, checkBooks, checkPayments, type WalletFacts } from './check-chain.ts';
import { checkEvents } from './check-events.ts';
import { checkRestrictions } from './check-restrictions.ts';
import { checkSigner } from './check-signer.ts';
import { checkTables } from './check-tables.ts';
import { checkWallets } from './check-wallets.ts';
import { RawBooks } from './raw-books.ts';
import { RawChain, scriptOfAddress } from './raw-chain.ts';

async function readBooks(sql: Queryable): Promise<RawBooks> {
  const books = new RawBooks();
  const { rows } = await sql.query<{ header: Buffer; records: Buffer }>(
    'SELECT header, records FROM ledger.batch ORDER BY sequence',
  );
  for (const { header, records } of rows) books.add(Buffer.concat([header, records]));
  return books;
}

async function readWallets(sql: Queryable): Promise<WalletFacts[]> {
  const { rows } = await sql.query<{ id: string; customer_id: string | null; addresses: string[] | null }>(
    `SELECT w.id::text, w.customer_id::text, array_agg(a.address) FILTER (WHERE a.address IS NOT NULL) AS addresses
     FROM app.wallet w LEFT JOIN app.wallet_address a ON a.wallet_id = w.id GROUP BY w.id`,
  );
  return rows.map(({ id, customer_id, addresses }) => ({
    id: idFromUuid('wallet', id),
    customer: customer_id === null ? null : idFromUuid('customer', customer_id),
    scripts: new Set((addresses ?? []).map(scriptOfAddress)),
  }));
}

/** What is still to be done, in words; empty when everything rests. */
async function restless(sql: Queryable): Promise<string[]> {
  const waiting: Readonly<Record<string, string>> = {
    unsealed: 'SELECT FROM app.unsealed_entry',
    deliveries: "SELECT FROM app.webhook_delivery WHERE state = 'pending'",
    'not fanned out': `SELECT FROM app.sealed_stream s, app.webhook_cursor c
       WHERE s.name = 'events' AND c.name = 'deliveries' AND c.position < s.position`,
    transfers: "SELECT FROM app.transfer WHERE state = 'requested'",
    deposits: "SELECT FROM app.deposit WHERE begun_step IS NOT NULL OR state <> 'credited'",
    wallets: "SELECT FROM app.wallet WHERE state NOT IN ('open', 'failed')",
    restrictions: "SELECT FROM app.restriction WHERE state IN ('freezing', 'releasing')",
    withdrawals: `SELECT FROM app.withdrawal w JOIN app.queued_intent q ON q.id = w.intent_id
       WHERE w.state NOT IN ('confirmed', 'cancelled', 'rejected', 'expired', 'failed') AND q.state <> 'draft'`,
  };
  const left: string[] = [];
  for (const [what, query] of Object.entries(waiting)) {
    const { rows } = await sql.query(query);
    if (rows.length > 0) left.push(`${rows.length} ${what}`);
  }
  return left;
}

/** Until nothing is left to be done. */
export async function comesToRest({ sql }: FaultWorld): Promise<void> {
  await eventually(
    'everything to come to rest',
    () => restless(sql),
    (left) => left.length === 0,
  );
}

/**
 * Compares chain, ledger, tables, the signer's record and what was delivered, each read raw, with each other and with
 * what people outside know. @returns what does not fit; empty when all is well.
 */
export async function checkWorld(world: FaultWorld, promises: Promises): Promise<string[]> {
  const { sql, sandbox, receiver, directory } = world;
  const { nodeUrl, nodeCookieFile } = sandbox.facts;
  const chain = await RawChain.read(nodeUrl, nodeCookieFile);
  const books = await readBooks(sql);
  const wallets = await readWallets(sql);
  return [
    ...checkPayments(chain, promises),
    ...checkBooks(chain, books, wallets),
    ...checkBalances(chain, books, wallets, promises),
    ...(await checkSigner(sql, chain, wallets, promises, join(directory, 'witness'))),
    ...(await checkRestrictions(sql, books, wallets, promises)),
    ...(await checkWallets(
      sql,
      ['a', 'b'].map((site) => join(directory, `backup-site-${site}`)),
    )),
    ...(await checkTables(sql, chain, promises)),
    ...(await checkEvents(sql, receiver.delivered, promises)),
    ...receiver.forged.map((body) => `a message was not signed: ${body.slice(0, 100)}`),
  ];
}
