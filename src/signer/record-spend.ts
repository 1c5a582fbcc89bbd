import type { Manifest } from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { parseSatoshis } from '../shared/index.ts';
import { SignerError } from './errors.ts';
import { addHotFlow } from './hot-level.ts';
import { appendEntry, journalHead } from './journal.ts';
import type { SignerParts } from './signer-parts.ts';
import {
  addSpend,
  consumedIntents,
  consumedSince,
  coinsOf,
  highestFee,
  intentSetHash,
  outpointSetHash,
  promisedToOthers,
  recordedSpend,
  releasedAnswer,
  type ConsumedIntent,
  type NewSpend,
} from './spend-store.ts';

const DAY_MS = 24 * 3_600_000;

function consumed(reason: string, txid: string, intentHash?: string): never {
  throw new SignerError('intent_consumed', 'An intent is paid once, and this one is spoken for.', {
    details: { reason, txid, ...(intentHash === undefined ? {} : { intentHash }) },
  });
}

/** A further transaction for the same intents spends the very same coins, so that at most one confirms. */
function checkReplacement(spend: NewSpend, earlier: readonly ConsumedIntent[], intentSet: string): void {
  if (earlier.length !== spend.intents.length || earlier.some((entry) => entry.intentSet !== intentSet)) {
    consumed('it was signed for together with other intents', spend.txid, earlier[0]?.intentHash);
  }
  const outpointSet = outpointSetHash(spend.outpoints);
  if (earlier.some((entry) => entry.outpointSet !== outpointSet)) {
    consumed('it was signed for with other coins', spend.txid, earlier[0]?.intentHash);
  }
}

/** A child helps what was signed here for the very same intents, and left. */
async function checkParent(tx: PoolClient, { child }: NewSpend, intentSet: string): Promise<void> {
  if (child === null) return;
  const parent = await recordedSpend(tx, child.parent);
  if (parent?.intentSet === intentSet && (await releasedAnswer(tx, child.parent)) !== undefined) return;
  throw new SignerError('parent_unknown', 'The parent is none that was signed here for these intents.', {
    details: { parent: child.parent },
  });
}

async function checkFee(tx: PoolClient, spend: NewSpend, intentSet: string): Promise<void> {
  const highest = await highestFee(tx, intentSet);
  if (highest === undefined || spend.fee > highest) return;
  throw new SignerError('replacement_not_higher', 'A replacement pays a higher fee than what it replaces.', {
    details: { feeSats: spend.fee.toString(), highestSats: highest.toString() },
  });
}

async function checkPromises(tx: PoolClient, spend: NewSpend, intentSet: string): Promise<void> {
  const promised = await promisedToOthers(tx, coinsOf(spend), intentSet);
  if (promised.length === 0) return;
  throw new SignerError('outpoint_promised', 'A coin is already signed away for other intents.', {
    details: { outpoints: promised.slice(0, 10) },
  });
}

async function checkVelocity(
  tx: PoolClient,
  spend: NewSpend,
  manifest: Manifest,
  nowMs: number,
): Promise<void> {
  const spent = await consumedSince(tx, nowMs - DAY_MS);
  const more = spend.intents.reduce((sum, { satoshis }) => sum + satoshis, 0n);
  const limit = parseSatoshis(manifest.limits.maxDailySatoshis);
  if (spent + more <= limit) return;
  throw new SignerError('daily_limit_exceeded', 'This would exceed what may leave within 24 hours.', {
    details: { spentSats: spent.toString(), askedSats: more.toString(), limitSats: limit.toString() },
  });
}

/**
 * Writes down what is about to be signed, with everything it consumes, as one entry of the journal; the same
 * transaction again finds its entry. The caller holds the lock.
 * @returns the counter of the entry. @throws SignerError `intent_consumed`, `outpoint_promised`,
 * `replacement_not_higher`, `daily_limit_exceeded`.
 */
export async function recordSpend(
  tx: PoolClient,
  parts: SignerParts,
  manifest: Manifest,
  spend: NewSpend,
): Promise<number> {
  const hashes = spend.intents.map(({ hash }) => hash);
  const intentSet = intentSetHash(hashes);
  const recorded = await recordedSpend(tx, spend.txid);
  if (recorded !== undefined) {
    const { epoch } = await journalHead(tx);
    if (recorded.intentSet !== intentSet)
      consumed('the transaction is recorded for other intents', spend.txid);
    if (recorded.epoch !== epoch) consumed('it was begun before a restore: raise the fee', spend.txid);
    return recorded.counter;
  }
  const earlier = await consumedIntents(tx, hashes);
  const atMs = parts.clock.nowMs();
  if (earlier.length > 0) {
    checkReplacement(spend, earlier, intentSet);
    await checkFee(tx, spend, intentSet);
  } else {
    await checkVelocity(tx, spend, manifest, atMs);
  }
  await checkParent(tx, spend, intentSet);
  await checkPromises(tx, spend, intentSet);
  const { epoch, counter } = await appendEntry(tx, parts.identity, {
    kind: 'signed',
    subject: {
      txid: spend.txid,
      wallet: spend.wallet,
      intents: spend.intents.map(({ hash, satoshis }) => ({ hash, satoshis: satoshis.toString() })),
      outpoints: spend.outpoints,
      feeSats: spend.fee.toString(),
      ...(spend.flows.length === 0
        ? {}
        : { flows: spend.flows.map((flow) => ({ ...flow, satoshis: flow.satoshis.toString() })) }),
      ...(spend.child === null ? {} : { child: spend.child }),
    },
    atMs,
  });
  await addSpend(tx, spend, { intentSet, epoch, counter }, atMs);
  for (const flow of spend.flows) await addHotFlow(tx, flow, atMs);
  return counter;
}
