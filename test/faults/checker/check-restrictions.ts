import type { Queryable } from '../../../src/postgres/index.ts';
import { idFromUuid } from '../../../src/shared/index.ts';
import type { Promises } from '../support/promises.ts';
import { CODE, type WalletFacts } from './check-chain.ts';
import { bookAccount, type RawBooks } from './raw-books.ts';

/** Tables, ledger and signer say the same of who may not pay, and everybody was released as promised. */
export async function checkRestrictions(
  sql: Queryable,
  books: RawBooks,
  wallets: readonly WalletFacts[],
  promises: Promises,
): Promise<string[]> {
  const findings: string[] = [];
  const { rows: tables } = await sql.query<{ id: string; customer_id: string; state: string }>(
    'SELECT id::text, customer_id::text, state FROM app.restriction',
  );
  const { rows: signer } = await sql.query<{ id: string; lifted: boolean }>(
    `SELECT r.id, x.restriction IS NOT NULL AS lifted FROM signer.restriction r
     LEFT JOIN signer.restriction_release x ON x.restriction = r.id`,
  );
  const known = new Map(signer.map(({ id, lifted }) => [id, lifted]));
  const restricted = new Set<string>();
  for (const { id, customer_id, state } of tables) {
    const name = idFromUuid('restriction', id);
    if (state !== 'released') restricted.add(idFromUuid('customer', customer_id));
    if (known.get(name) !== (state === 'released')) findings.push(`${name} is ${state}, not at the signer`);
    known.delete(name);
  }
  if (known.size > 0) findings.push(`the signer has restrictions of nobody: ${[...known.keys()].join()}`);
  for (const promised of promises.restrictions) {
    const row = tables.find(({ id }) => idFromUuid('restriction', id) === promised);
    if (row?.state !== 'released') findings.push(`${promised} is ${row?.state ?? 'missing'}`);
  }
  const { rows: customers } = await sql.query<{ id: string }>('SELECT id::text FROM app.customer');
  for (const customer of customers.map(({ id }) => idFromUuid('customer', id))) {
    const vaults = wallets.filter((wallet) => wallet.customer === customer);
    const accounts = [
      bookAccount(CODE.spending, customer),
      ...vaults.map(({ id }) => bookAccount(CODE.vault, id)),
    ];
    for (const account of accounts) {
      if (books.isFrozen(account) !== restricted.has(customer))
        findings.push(`an account of ${customer} is ${books.isFrozen(account) ? '' : 'not '}frozen`);
    }
  }
  return findings;
}
