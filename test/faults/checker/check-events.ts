import { createHash } from 'node:crypto';
import type { Queryable } from '../../../src/postgres/index.ts';
import { idFromUuid } from '../../../src/shared/index.ts';
import type { Delivered } from '../support/receiver.ts';
import type { Promises } from '../support/promises.ts';

interface SealRow {
  readonly position: bigint;
  readonly entry_id: string;
  readonly at_ms: string;
  readonly previous_hash: string;
  readonly hash: string;
  readonly content: string | null;
}

const STREAMS = [
  { name: 'events', seals: 'outbox_seal', entries: 'outbox_event' },
  { name: 'audit', seals: 'audit_seal', entries: 'audit_entry' },
] as const;

/** Every stream is whole: positions without a gap, and each hash follows from the one before and the content. */
async function checkStream(
  sql: Queryable,
  { name, seals, entries }: (typeof STREAMS)[number],
): Promise<string[]> {
  const { rows } = await sql.query<SealRow>(
    `SELECT s.position, s.entry_id::text, (extract(epoch FROM s.sealed_at) * 1000)::bigint::text AS at_ms,
            encode(s.previous_hash, 'hex') AS previous_hash, encode(s.hash, 'hex') AS hash, e.content
     FROM app.${seals} s LEFT JOIN app.${entries} e ON e.id = s.entry_id ORDER BY s.position`,
  );
  const findings: string[] = [];
  let previous = '0'.repeat(64);
  for (const [index, row] of rows.entries()) {
    const { position, at_ms, content, hash, previous_hash } = row;
    const sealed = `trilock:seal:1:${name}:${position}:${at_ms}:${previous}:${content ?? ''}`;
    const expected = createHash('sha256').update(sealed).digest('hex');
    if (position !== BigInt(index + 1)) findings.push(`${name} has a gap before ${position}`);
    if (previous_hash !== previous || hash !== expected)
      findings.push(`${name} is not sealed at ${position}`);
    previous = hash;
  }
  const { rows: counted } = await sql.query<{ entries: bigint }>(
    `SELECT count(*) AS entries FROM app.${entries}`,
  );
  if (counted[0]?.entries !== BigInt(rows.length)) findings.push(`${name} has entries that are not sealed`);
  return findings;
}

/** Each event after the webhook was made has arrived, at least once, always with the same words. */
async function checkDelivered(sql: Queryable, delivered: readonly Delivered[]): Promise<string[]> {
  const findings: string[] = [];
  const { rows } = await sql.query<{ position: bigint; content: string }>(
    `SELECT s.position, e.content FROM app.outbox_seal s JOIN app.outbox_event e ON e.id = s.entry_id
     WHERE s.position > (SELECT from_position FROM app.webhook_endpoint) AND e.type <> 'webhook.test'
     ORDER BY s.position`,
  );
  const bodies = new Map<bigint, Set<string>>();
  for (const { position, id, body } of delivered) {
    const seen = bodies.get(position) ?? new Set();
    bodies.set(position, seen.add(`${id} ${body}`));
  }
  for (const { position, content } of rows) {
    const versions = [...(bodies.get(position) ?? [])];
    const stored = JSON.parse(content) as { id: string; type: string };
    if (versions.length !== 1)
      findings.push(`event ${position} ${stored.type} came in ${versions.length} versions`);
    else if (!(versions[0] ?? '').startsWith(stored.id))
      findings.push(`event ${position} came under another id`);
    bodies.delete(position);
  }
  if (bodies.size > 0) findings.push(`events were delivered that do not exist: ${[...bodies.keys()].join()}`);
  return findings;
}

/** Everything that happened was told, once. */
async function checkTold(sql: Queryable, promises: Promises): Promise<string[]> {
  const { rows } = await sql.query<{ subject: string; type: string; times: bigint }>(
    'SELECT subject, type, count(*) AS times FROM app.outbox_event GROUP BY subject, type',
  );
  const times = new Map(rows.map((row) => [`${row.subject} ${row.type}`, Number(row.times)]));
  const findings: string[] = [];
  const expect = (subject: string, type: string, expected: number): void => {
    const seen = times.get(`${subject} ${type}`) ?? 0;
    if (seen !== expected) findings.push(`${subject}: ${type} was told ${seen} times, not ${expected}`);
  };
  for (const { id, end } of promises.withdrawals) {
    expect(id, 'withdrawal.requested', 1);
    if (end === 'paid') for (const state of ['broadcast', 'confirmed']) expect(id, `withdrawal.${state}`, 1);
    if (end === 'cancelled') expect(id, 'withdrawal.cancelled', 1);
  }
  // Both sides are told.
  for (const { id } of promises.transfers) expect(id, 'transfer.completed', 2);
  for (const id of promises.restrictions)
    for (const type of ['account.restricted', 'account.released']) expect(id, type, 1);
  const { rows: wallets } = await sql.query<{ id: string }>(
    'SELECT id::text FROM app.wallet WHERE customer_id IS NOT NULL',
  );
  for (const { id } of wallets)
    for (const type of ['wallet.created', 'wallet.opened']) expect(idFromUuid('wallet', id), type, 1);
  const { rows: deposits } = await sql.query<{ type: string; times: bigint }>(
    `SELECT type, count(*) AS times FROM app.outbox_event WHERE type LIKE 'deposit.%' GROUP BY type`,
  );
  for (const type of ['deposit.detected', 'deposit.confirming', 'deposit.credited']) {
    const seen = Number(deposits.find((row) => row.type === type)?.times ?? 0n);
    if (seen !== promises.deposits.length) findings.push(`${type} was told ${seen} times`);
  }
  return findings;
}

export async function checkEvents(
  sql: Queryable,
  delivered: readonly Delivered[],
  promises: Promises,
): Promise<string[]> {
  const findings: string[] = [];
  for (const stream of STREAMS) findings.push(...(await checkStream(sql, stream)));
  findings.push(...(await checkDelivered(sql, delivered)));
  findings.push(...(await checkTold(sql, promises)));
  return findings;
}
