import type { Queryable } from '../../../src/postgres/index.ts';
import { idFromUuid } from '../../../src/shared/index.ts';
import type { Promises } from '../support/promises.ts';
import { scriptOfAddress, type RawChain } from './raw-chain.ts';

/** The tables say what the chain and the people outside say. */
export async function checkTables(sql: Queryable, chain: RawChain, promises: Promises): Promise<string[]> {
  return [
    ...(await checkWithdrawals(sql, chain, promises)),
    ...(await checkCoins(sql, chain)),
    ...(await checkRest(sql, promises)),
  ];
}

async function checkWithdrawals(sql: Queryable, chain: RawChain, promises: Promises): Promise<string[]> {
  const findings: string[] = [];
  const { rows } = await sql.query<{ id: string; state: string; amount: bigint }>(
    'SELECT id::text, state, amount FROM app.withdrawal',
  );
  const states = new Map(rows.map(({ id, state }) => [idFromUuid('withdrawal', id) as string, state]));
  for (const { id, end, payee } of promises.withdrawals) {
    const state = states.get(id) ?? 'missing';
    const isPaid = chain.paying(scriptOfAddress(payee)).length > 0;
    const right = isPaid
      ? state === 'confirmed'
      : ['cancelled', 'rejected', 'expired', 'failed'].includes(state);
    if (!right || (end !== 'either' && isPaid !== (end === 'paid'))) {
      findings.push(`${id} is ${state} and ${isPaid ? 'was' : 'was not'} paid`);
    }
  }
  const { rows: open } = await sql.query<{ id: string; state: string }>(
    `SELECT id::text, state FROM app.withdrawal WHERE state NOT IN
       ('confirmed', 'cancelled', 'rejected', 'expired', 'failed')`,
  );
  const promised = new Set(promises.withdrawals.map(({ id }) => id));
  for (const { id, state } of open) {
    // A draft whose answer was lost and whose request was never repeated stays a draft; nobody signed it.
    const name = idFromUuid('withdrawal', id);
    if (promised.has(name) || state !== 'requested') findings.push(`${name} is still ${state}`);
  }
  return findings;
}

/** The coins of the tables are the outputs of the chain, spent and unspent, and none is set aside for nothing. */
async function checkCoins(sql: Queryable, chain: RawChain): Promise<string[]> {
  const findings: string[] = [];
  const { rows } = await sql.query<{ outpoint: string; spent_by_txid: string | null; kept: boolean }>(
    `SELECT txid || ':' || vout AS outpoint, spent_by_txid,
            reserved_for IS NOT NULL AND reserved_until > now() AS kept FROM app.coin`,
  );
  for (const { outpoint, spent_by_txid, kept } of rows) {
    const spender = chain.spenderOf(outpoint) ?? null;
    if (chain.output(outpoint) === undefined) findings.push(`the coin ${outpoint} is not on the chain`);
    if (spender !== spent_by_txid) findings.push(`the coin ${outpoint} is spent by ${spender ?? 'nobody'}`);
    if (spender === null && kept) findings.push(`the coin ${outpoint} is set aside for nothing`);
  }
  const { rows: scripts } = await sql.query<{ script: string }>(
    `SELECT encode(script, 'hex') AS script FROM app.wallet_address`,
  );
  const known = new Set(rows.map(({ outpoint }) => outpoint));
  const ours = new Set(scripts.map(({ script }) => script));
  for (const { outputs } of chain.transactions) {
    for (const { script, outpoint } of outputs) {
      if (ours.has(script) && !known.has(outpoint))
        findings.push(`the coin ${outpoint} is not in the tables`);
    }
  }
  return findings;
}

async function checkRest(sql: Queryable, promises: Promises): Promise<string[]> {
  const findings: string[] = [];
  const { rows: transfers } = await sql.query<{ id: string; state: string }>(
    'SELECT id::text, state FROM app.transfer',
  );
  const states = new Map(transfers.map(({ id, state }) => [idFromUuid('transfer', id) as string, state]));
  for (const { id } of promises.transfers) {
    if (states.get(id) !== 'completed') findings.push(`${id} is ${states.get(id) ?? 'missing'}`);
  }
  const never: Readonly<Record<string, string>> = {
    'a deposit is half booked': 'SELECT FROM app.deposit WHERE begun_step IS NOT NULL OR refusal IS NOT NULL',
    'a payout keeps coins of nothing': `SELECT FROM app.payout p WHERE released_at IS NULL AND NOT EXISTS
       (SELECT FROM app.withdrawal w WHERE w.payout_id = p.id)`,
    'a transfer is not settled': "SELECT FROM app.transfer WHERE state = 'requested'",
    'a confirmation was counted twice':
      "SELECT FROM app.withdrawal WHERE state = 'confirmed' AND confirmed_cycle <> 1",
    'a withdrawal moved twice': `SELECT FROM app.audit_entry WHERE action IN ('withdrawal.confirm',
       'withdrawal.sign', 'withdrawal.broadcast', 'withdrawal.cancel') GROUP BY entity, action HAVING count(*) > 1`,
  };
  for (const [finding, query] of Object.entries(never)) {
    const { rows } = await sql.query(query);
    if (rows.length > 0) findings.push(`${finding}: ${rows.length}`);
  }
  return findings;
}
