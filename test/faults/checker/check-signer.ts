import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Queryable } from '../../../src/postgres/index.ts';
import type { Promises } from '../support/promises.ts';
import { paidOutOf, type WalletFacts } from './check-chain.ts';
import { scriptOfAddress, type RawChain } from './raw-chain.ts';

interface JournalRow {
  readonly epoch: number;
  readonly counter: bigint;
  readonly head: string;
  readonly previous_head: string;
}

/** What left every wallet was signed by the signer, for an intent that was to be paid, and the witness knows it. */
export async function checkSigner(
  sql: Queryable,
  chain: RawChain,
  wallets: readonly WalletFacts[],
  promises: Promises,
  witnessDirectory: string,
): Promise<string[]> {
  const findings: string[] = [];
  const released = await sql.query<{ txid: string }>('SELECT txid FROM signer.released_signature');
  const signed = new Set(released.rows.map(({ txid }) => txid));
  for (const wallet of wallets) {
    for (const { txid } of paidOutOf(chain, wallet)) {
      if (!signed.has(txid)) findings.push(`${txid} left ${wallet.id} and the signer does not know it`);
    }
  }
  for (const { id, intentHash, payee } of promises.withdrawals) {
    const paidBy = chain.paying(scriptOfAddress(payee)).map(({ outpoint }) => outpoint.slice(0, 64));
    const { rows } = await sql.query<{ txid: string }>(
      `SELECT txid FROM signer.spend_intent JOIN signer.released_signature USING (txid) WHERE intent_hash = $1`,
      [intentHash],
    );
    const signedFor = rows.map(({ txid }) => txid);
    if (signedFor.join() !== paidBy.join()) {
      findings.push(`${id}: signed for [${signedFor.join()}], paid by [${paidBy.join()}]`);
    }
  }
  return [...findings, ...(await checkJournal(sql, witnessDirectory))];
}

async function checkJournal(sql: Queryable, witnessDirectory: string): Promise<string[]> {
  const { rows } = await sql.query<JournalRow>(
    'SELECT epoch, counter, head, previous_head FROM signer.journal ORDER BY epoch, counter',
  );
  let previous = '0'.repeat(64);
  const findings: string[] = [];
  for (const [index, { epoch, counter, head, previous_head }] of rows.entries()) {
    if (epoch !== 0 || counter !== BigInt(index + 1) || previous_head !== previous) {
      findings.push(`the journal breaks at ${epoch}/${counter}`);
    }
    previous = head;
  }
  const memory = JSON.parse(await readFile(join(witnessDirectory, 'witnessed.json'), 'utf8')) as {
    statement: { counter: number; consumedHead: string };
  };
  // Of a revocation the witness hears now, or with the next signature.
  const known = rows[memory.statement.counter - 1]?.head;
  if (known !== memory.statement.consumedHead) findings.push('the witness remembers another journal');
  const { rows: unseen } = await sql.query(
    `SELECT FROM signer.journal WHERE counter > $1 AND kind NOT IN ('revoked', 'credential')`,
    [memory.statement.counter],
  );
  if (unseen.length > 0) findings.push(`${unseen.length} entries were never witnessed`);
  return findings;
}
