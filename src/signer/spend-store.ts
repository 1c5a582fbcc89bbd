import { hashStatement, hex } from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import type { HotFlow } from './hot-level.ts';
import type { SignerAnswer } from './signer-contract.ts';

/** What left: a whole transaction, or of whoever signs first the signature that another signer completes. */
export type ReleasedAnswer = SignerAnswer<'sign'> | SignerAnswer<'cosign'>;

const INTENT_SET_TAG = 'trilock/intent-set/1';
const OUTPOINT_SET_TAG = 'trilock/outpoint-set/1';

export function intentSetHash(intentHashes: readonly string[]): string {
  return hex(hashStatement(INTENT_SET_TAG, [...intentHashes].sort()));
}

export function outpointSetHash(outpoints: readonly string[]): string {
  return hex(hashStatement(OUTPOINT_SET_TAG, [...outpoints].sort()));
}

/** What was recorded before it was signed. */
export interface RecordedSpend {
  readonly intentSet: string;
  readonly epoch: number;
  readonly counter: number;
}

export interface ConsumedIntent {
  readonly intentHash: string;
  readonly intentSet: string;
  readonly outpointSet: string;
}

/** A transaction about to be signed, with everything that it consumes. */
export interface NewSpend {
  readonly txid: string;
  readonly wallet: string;
  readonly intents: readonly {
    readonly hash: string;
    /** Whose restriction keeps its signature here; null where nobody’s does. */
    readonly customer: string | null;
    /** Whether a tripped circuit breaker does not. */
    readonly pastBreaker: boolean;
    readonly satoshis: bigint;
  }[];
  /** With a child the coins of its parent, by which both stand or fall. */
  readonly outpoints: readonly string[];
  /** With a child of both. */
  readonly fee: bigint;
  /** What its intents let into the hot wallet or out of it. */
  readonly flows: readonly HotFlow[];
  /** Of a child that pays for its parent: what it spends. */
  readonly child: { readonly parent: string; readonly outpoint: string } | null;
}

/** Every coin that it promises. */
export function coinsOf({ outpoints, child }: Pick<NewSpend, 'outpoints' | 'child'>): readonly string[] {
  return child === null ? outpoints : [...outpoints, child.outpoint];
}

export async function recordedSpend(tx: Queryable, txid: string): Promise<RecordedSpend | undefined> {
  const { rows } = await tx.query<{ intent_set: string; epoch: number; counter: bigint }>(
    'SELECT intent_set, epoch, counter FROM signer.spend WHERE txid = $1',
    [txid],
  );
  const [row] = rows;
  return row && { intentSet: row.intent_set, epoch: row.epoch, counter: Number(row.counter) };
}

export async function releasedAnswer(tx: Queryable, txid: string): Promise<ReleasedAnswer | undefined> {
  const { rows } = await tx.query<{ answer: string }>(
    'SELECT answer FROM signer.released_signature WHERE txid = $1',
    [txid],
  );
  return rows[0] === undefined ? undefined : (JSON.parse(rows[0].answer) as ReleasedAnswer);
}

export async function addRelease(tx: Queryable, answer: ReleasedAnswer, atMs: number): Promise<void> {
  await tx.query(
    'INSERT INTO signer.released_signature (txid, answer, completes, released_at_ms) VALUES ($1, $2, $3, $4)',
    [answer.txid, JSON.stringify(answer), 'transaction' in answer, atMs],
  );
}

/** The wallet of a transaction that was recorded. */
export async function walletOfSpend(tx: Queryable, txid: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ wallet: string }>('SELECT wallet FROM signer.spend WHERE txid = $1', [
    txid,
  ]);
  return rows[0]?.wallet;
}

/** What speaks for these intents; what was given up does not. */
export async function consumedIntents(
  tx: Queryable,
  intentHashes: readonly string[],
): Promise<ConsumedIntent[]> {
  const { rows } = await tx.query<{ intent_hash: string; intent_set: string; outpoint_set: string }>(
    `SELECT intent_hash, intent_set, outpoint_set FROM signer.consumed_intent
     WHERE intent_hash = ANY($1) AND signer.spoken_for(intent_set, outpoint_set)`,
    [intentHashes],
  );
  return rows.map((row) => ({
    intentHash: row.intent_hash,
    intentSet: row.intent_set,
    outpointSet: row.outpoint_set,
  }));
}

/** The coins among `outpoints` that are promised to other intents than these. */
export async function promisedToOthers(
  tx: Queryable,
  outpoints: readonly string[],
  intentSet: string,
): Promise<string[]> {
  const { rows } = await tx.query<{ outpoint: string }>(
    `SELECT outpoint FROM signer.promised_outpoint WHERE outpoint = ANY($1) AND intent_set <> $2
       AND signer.spoken_for(intent_set, outpoint_set)`,
    [outpoints, intentSet],
  );
  return rows.map((row) => row.outpoint);
}

/** The highest fee among the transactions of a set of intents that were not given up; undefined when there is none. */
export async function highestFee(tx: Queryable, intentSet: string): Promise<bigint | undefined> {
  const { rows } = await tx.query<{ fee: bigint | null }>(
    `SELECT max(fee) AS fee FROM signer.spend
     WHERE intent_set = $1 AND txid NOT IN (SELECT txid FROM signer.abandoned_transaction)`,
    [intentSet],
  );
  return rows[0]?.fee ?? undefined;
}

/** What was consumed at or after a time: the amounts of intents, each once, fee bumps included in its first. */
export async function consumedSince(tx: Queryable, sinceMs: number): Promise<bigint> {
  const { rows } = await tx.query<{ total: bigint }>(
    `SELECT coalesce(sum(satoshis), 0)::bigint AS total FROM signer.consumed_intent
     WHERE consumed_at_ms > $1 AND signer.spoken_for(intent_set, outpoint_set)`,
    [sinceMs],
  );
  return rows[0]?.total ?? 0n;
}

export async function addSpend(
  tx: Queryable,
  spend: NewSpend,
  recorded: RecordedSpend,
  atMs: number,
): Promise<void> {
  const { intentSet, epoch, counter } = recorded;
  const outpointSet = outpointSetHash(spend.outpoints);
  await tx.query(
    `INSERT INTO signer.spend (txid, wallet, intent_set, outpoint_set, fee, epoch, counter, recorded_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [spend.txid, spend.wallet, intentSet, outpointSet, spend.fee, epoch, counter, atMs],
  );
  await tx.query(
    `INSERT INTO signer.promised_outpoint (outpoint, intent_set, outpoint_set) SELECT unnest($1::text[]), $2, $3
     ON CONFLICT DO NOTHING`,
    [coinsOf(spend), intentSet, outpointSet],
  );
  for (const { hash, customer, pastBreaker, satoshis } of spend.intents) {
    await tx.query(
      `INSERT INTO signer.consumed_intent (intent_hash, intent_set, outpoint_set, satoshis, consumed_at_ms)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
      [hash, intentSet, outpointSet, satoshis, atMs],
    );
    await tx.query(
      `INSERT INTO signer.spend_intent (txid, intent_hash, intent_set, outpoint_set, customer, past_breaker)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [spend.txid, hash, intentSet, outpointSet, customer, pastBreaker],
    );
  }
}

export async function revokedAmong(tx: Queryable, intentHashes: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ intent_hash: string }>(
    'SELECT intent_hash FROM signer.revoked_intent WHERE intent_hash = ANY($1)',
    [intentHashes],
  );
  return rows.map((row) => row.intent_hash);
}

/** When an intent was revoked, if it was. */
export async function revokedAt(tx: Queryable, intentHash: string): Promise<number | undefined> {
  const { rows } = await tx.query<{ revoked_at_ms: bigint }>(
    'SELECT revoked_at_ms FROM signer.revoked_intent WHERE intent_hash = $1',
    [intentHash],
  );
  return rows[0] === undefined ? undefined : Number(rows[0].revoked_at_ms);
}

export async function addRevocation(
  tx: Queryable,
  intentHash: string,
  reason: string,
  atMs: number,
): Promise<void> {
  await tx.query(
    'INSERT INTO signer.revoked_intent (intent_hash, reason, revoked_at_ms) VALUES ($1, $2, $3)',
    [intentHash, reason, atMs],
  );
}

/** The transactions for an intent whose signatures left, with the wallets that pay it. */
export async function releasedFor(
  tx: Queryable,
  intentHash: string,
): Promise<readonly { readonly txid: string; readonly wallet: string }[]> {
  const { rows } = await tx.query<{ txid: string; wallet: string }>(
    `SELECT txid, s.wallet FROM signer.spend_intent JOIN signer.released_signature USING (txid)
       JOIN signer.spend s USING (txid)
     WHERE intent_hash = $1 ORDER BY txid`,
    [intentHash],
  );
  return rows;
}

/** When a transaction was given up, if it was. */
export async function abandonedAt(tx: Queryable, txid: string): Promise<number | undefined> {
  const { rows } = await tx.query<{ abandoned_at_ms: bigint }>(
    'SELECT abandoned_at_ms FROM signer.abandoned_transaction WHERE txid = $1',
    [txid],
  );
  return rows[0] === undefined ? undefined : Number(rows[0].abandoned_at_ms);
}

export async function addAbandonment(
  tx: Queryable,
  txid: string,
  reason: string,
  atMs: number,
): Promise<void> {
  await tx.query(
    'INSERT INTO signer.abandoned_transaction (txid, reason, abandoned_at_ms) VALUES ($1, $2, $3)',
    [txid, reason, atMs],
  );
}
