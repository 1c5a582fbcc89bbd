import type { Queryable } from '../postgres/index.ts';
import { SignerError } from './errors.ts';
import { requireInStep } from './in-step.ts';
import { appendEntry, journalHead } from './journal.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';

/** Each resumption begins an epoch of the journal; what was restricted before it may have been forgotten. */
async function isTold(tx: Queryable, epoch: number): Promise<boolean> {
  if (epoch === 0) return true;
  const { rows } = await tx.query(
    "SELECT 1 FROM signer.journal WHERE epoch = $1 AND kind = 'told' ORDER BY counter LIMIT 1",
    [epoch],
  );
  return rows.length > 0;
}

/**
 * A signer that was restored from a backup has forgotten whom it was told of since: it signs for nobody until it was
 * told again. @throws SignerError `restrictions_untold` (retryable).
 */
export async function requireTold(tx: Queryable): Promise<void> {
  const { epoch } = await journalHead(tx);
  if (await isTold(tx, epoch)) return;
  throw new SignerError(
    'restrictions_untold',
    'It was resumed, and nobody has told it yet which restrictions are in force.',
    { details: { epoch }, retryable: true },
  );
}

/** Whether it waits to be told again which restrictions are in force. */
export async function standing({ pool }: SignerParts): Promise<SignerAnswer<'standing'>> {
  const { epoch } = await journalHead(pool);
  return { epoch, told: await isTold(pool, epoch) };
}

/**
 * Whoever keeps the restrictions has told it of all that are in force, since the resumption that began this epoch.
 * Nothing happens when another one has begun meanwhile. May be repeated. @throws SignerError `signer_sealed`,
 * `witness_out_of_reach`.
 */
export async function restrictionsTold(
  parts: SignerParts,
  { epoch }: SignerParameters<'restrictionsTold'>,
): Promise<SignerAnswer<'restrictionsTold'>> {
  await requireInStep(parts);
  await exclusively(parts.pool, async (tx) => {
    const last = await journalHead(tx);
    if (last.epoch !== epoch || (await isTold(tx, epoch))) return;
    const entry = { kind: 'told', subject: { epoch }, atMs: parts.clock.nowMs() } as const;
    await appendEntry(tx, parts.identity, entry);
  });
  return await standing(parts);
}
