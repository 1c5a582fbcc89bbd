import { createHash } from 'node:crypto';
import { freezeStatusDigest, MAX_INTENT_LIFETIME_MS, type FreezeStatus } from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import { canonicalJson, isoTime } from '../shared/index.ts';
import { requireInStep } from './in-step.ts';
import { appendEntry } from './journal.ts';
import { attest, attestationKeyOf } from './platform-keys.ts';
import type { SignerAnswer } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import { requireTold } from './told-again.ts';

type Content = Pick<FreezeStatus['statement'], 'breaker' | 'restricted' | 'givenUp'>;

async function column(tx: Queryable, text: string, ...values: readonly number[]): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(text, [...values]);
  return rows.map(({ name }) => name);
}

/** By the signer's own record. What was given up longer ago than any intent lives concerns nothing current. */
async function contentOf(tx: Queryable, atMs: number): Promise<Content> {
  const sinceMs = atMs - MAX_INTENT_LIFETIME_MS;
  const [breaker] = await column(tx, 'SELECT id AS name FROM signer.open_breaker ORDER BY id LIMIT 1');
  return {
    breaker: breaker ?? null,
    restricted: await column(tx, 'SELECT customer AS name FROM signer.restricted_customer ORDER BY 1'),
    givenUp: {
      intents: await column(
        tx,
        'SELECT intent_hash AS name FROM signer.revoked_intent WHERE revoked_at_ms >= $1 ORDER BY 1',
        sinceMs,
      ),
      transactions: await column(
        tx,
        'SELECT txid AS name FROM signer.abandoned_transaction WHERE abandoned_at_ms >= $1 ORDER BY 1',
        sinceMs,
      ),
    },
  };
}

/**
 * Signs what it refuses at the moment, for stations. The number is that of an entry in the journal, which the witness
 * has countersigned before the status leaves: a signer restored from a backup gives none until officers resume it,
 * and then only higher ones. @throws SignerError `signer_sealed`, `restrictions_untold`, `witness_out_of_reach`.
 */
export async function freezeStatus(parts: SignerParts): Promise<SignerAnswer<'freezeStatus'>> {
  const { network, identity, pool, clock } = parts;
  await requireInStep(parts);
  const statement = await exclusively(pool, async (tx): Promise<FreezeStatus['statement']> => {
    await requireTold(tx);
    const atMs = clock.nowMs();
    const content = await contentOf(tx, atMs);
    const contentHash = createHash('sha256').update(canonicalJson(content)).digest('hex');
    const entry = { kind: 'freeze_status', subject: { contentHash }, atMs } as const;
    const { counter } = await appendEntry(tx, identity, entry);
    return { purpose: 'freeze status', network, number: counter, issuedAt: isoTime(atMs), ...content };
  });
  await requireInStep(parts);
  const signature = attest(identity, freezeStatusDigest(statement));
  return { status: { statement, attestedBy: attestationKeyOf(identity), signature } };
}
