import { amountAtStake, IntentError, intentHash, type Manifest, type SpendIntent } from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import { addSatoshis, parseSatoshis } from '../shared/index.ts';

/**
 * What an intent lets into the hot wallet, or out of it at most, fee included. This signer sees no chain: it knows what
 * it signed itself, and what people have stated and approved.
 */
export interface HotFlow {
  readonly intentHash: string;
  readonly incoming: boolean;
  readonly satoshis: bigint;
}

/** Long enough for a refill to be seen in what is stated, short enough to be read at once. */
const WINDOW_MS = 7 * 24 * 3_600_000;
const BASIS_POINTS = 10_000n;

/** What a refill lets in; of whatever spends the hot wallet, what it lets out. Undefined when it touches neither. */
export function hotFlowOf(intent: SpendIntent, { treasury }: Manifest): HotFlow | undefined {
  const { body } = intent;
  const hash = intentHash(intent);
  if ('purpose' in body && body.purpose === 'refill') {
    return { intentHash: hash, incoming: true, satoshis: parseSatoshis(body.satoshis) };
  }
  if (body.descriptorHash !== treasury?.hot) return undefined;
  const fee = amountAtStake(intent);
  const isSweep = 'purpose' in body && body.purpose === 'sweep';
  const satoshis = isSweep ? addSatoshis(parseSatoshis(body.satoshis), fee) : fee;
  return { intentHash: hash, incoming: false, satoshis };
}

/** Once for each intent, whatever fees are raised later. */
export async function addHotFlow(tx: Queryable, flow: HotFlow, atMs: number): Promise<void> {
  await tx.query(
    `INSERT INTO signer.hot_flow (intent_hash, incoming, satoshis, recorded_at_ms) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING`,
    [flow.intentHash, flow.incoming, flow.satoshis, atMs],
  );
}

/**
 * What the hot wallet holds at least, by this signer's own record of the last days: what it let in less what it let
 * out, never below nothing. What was given up or revoked unsigned does not count, nor does `except`.
 */
async function recordedLevel(tx: Queryable, except: string, nowMs: number): Promise<bigint> {
  const { rows } = await tx.query<{ incoming: boolean; satoshis: bigint }>(
    `SELECT incoming, satoshis FROM signer.hot_flow f
     WHERE recorded_at_ms > $2 AND intent_hash <> $1
       AND NOT EXISTS (SELECT FROM signer.revoked_intent r WHERE r.intent_hash = f.intent_hash
         AND NOT EXISTS (SELECT FROM signer.spend_intent s JOIN signer.released_signature USING (txid)
           WHERE s.intent_hash = r.intent_hash))
       AND (NOT EXISTS (SELECT FROM signer.consumed_intent c WHERE c.intent_hash = f.intent_hash)
         OR EXISTS (SELECT FROM signer.consumed_intent c WHERE c.intent_hash = f.intent_hash
           AND signer.spoken_for(c.intent_set, c.outpoint_set)))
     ORDER BY position`,
    [except, nowMs - WINDOW_MS],
  );
  let level = 0n;
  for (const { incoming, satoshis } of rows) {
    level += incoming ? satoshis : -satoshis;
    if (level < 0n) level = 0n;
  }
  return level;
}

/**
 * A refill keeps the hot wallet within its share also by this signer's own record, whatever was stated of it: several
 * that were approved by the same figures do not add up to more. What is stated is checked with the intent itself.
 * @throws IntentError `hot_cap_exceeded`.
 */
export async function requireWithinCap(
  tx: Queryable,
  intent: SpendIntent,
  { treasury }: Manifest,
  nowMs: number,
): Promise<void> {
  const { body } = intent;
  if (!('purpose' in body) || body.purpose !== 'refill') return;
  const capBasisPoints = treasury?.hotCapBasisPoints ?? 0;
  const after = (await recordedLevel(tx, intentHash(intent), nowMs)) + parseSatoshis(body.satoshis);
  if (after * BASIS_POINTS <= parseSatoshis(body.assetsSatoshis) * BigInt(capBasisPoints)) return;
  throw new IntentError(
    'hot_cap_exceeded',
    'By the signer’s own record the hot wallet would hold too much.',
    {
      details: { intent: intent.id, afterSatoshis: after.toString(), capBasisPoints },
    },
  );
}
