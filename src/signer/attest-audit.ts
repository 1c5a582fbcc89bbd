import { createHash } from 'node:crypto';
import { auditCheckpointDigest, type AuditCheckpoint, type AuditPoint } from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import { canonicalJson, CHAIN_START_HASH, chainLinkText, isoTime, type JsonValue } from '../shared/index.ts';
import { SignerError } from './errors.ts';
import { requireInStep, tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import { attest, attestationKeyOf } from './platform-keys.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';

const STREAM = 'audit';

async function lastCheckpoint(tx: Queryable): Promise<AuditCheckpoint | null> {
  const { rows } = await tx.query<{ document: string }>(
    'SELECT document FROM signer.audit_checkpoint ORDER BY position DESC LIMIT 1',
  );
  return rows[0] === undefined ? null : (JSON.parse(rows[0].document) as AuditCheckpoint);
}

function pointOf(checkpoint: AuditCheckpoint | null): AuditPoint {
  if (checkpoint === null) return { position: '0', head: CHAIN_START_HASH };
  const { position, head } = checkpoint.statement;
  return { position, head };
}

/** The head after these entries, each hashed onto the one before. */
function extended(after: AuditPoint, entries: SignerParameters<'attestAudit'>['entries']): AuditPoint {
  let position = BigInt(after.position);
  let head = after.head;
  for (const entry of entries) {
    position += 1n;
    const link = { position, previousHash: head, ...entry };
    head = createHash('sha256').update(chainLinkText(STREAM, link)).digest('hex');
  }
  return { position: position.toString(), head };
}

function statedBy({ network, identity, clock }: SignerParts, next: AuditPoint, previous: AuditPoint) {
  const statement: AuditCheckpoint['statement'] = {
    purpose: 'audit checkpoint',
    network,
    ...next,
    previous,
    attestedAt: isoTime(clock.nowMs()),
  };
  const signature = attest(identity, auditCheckpointDigest(statement));
  return { statement, attestedBy: attestationKeyOf(identity), signature };
}

async function addCheckpoint(tx: Queryable, checkpoint: AuditCheckpoint, atMs: number): Promise<void> {
  const { position, head, previous } = checkpoint.statement;
  await tx.query(
    `INSERT INTO signer.audit_checkpoint (position, previous, head, document, attested_at_ms)
     VALUES ($1, $2, $3, $4, $5)`,
    [
      position,
      previous.position === '0' ? null : previous.position,
      head,
      canonicalJson(checkpoint as unknown as JsonValue),
      atMs,
    ],
  );
}

/** The last checkpoint that it gave, for whoever lost the answer. */
export async function auditCheckpoint({ pool }: SignerParts): Promise<SignerAnswer<'auditCheckpoint'>> {
  return { checkpoint: await lastCheckpoint(pool) };
}

/**
 * Signs how far the audit log goes, if that continues what was signed before: the signer hashes every entry itself,
 * so it never attests two histories. @throws SignerError `audit_not_continuous`, `signer_sealed`.
 */
export async function attestAudit(
  parts: SignerParts,
  { after, entries }: SignerParameters<'attestAudit'>,
): Promise<SignerAnswer<'attestAudit'>> {
  await requireInStep(parts);
  const checkpoint = await exclusively(parts.pool, async (tx) => {
    const previous = pointOf(await lastCheckpoint(tx));
    if (after.position !== previous.position || after.head !== previous.head) {
      throw new SignerError(
        'audit_not_continuous',
        'The audit log is not the one that was attested before.',
        {
          details: { attested: previous.position, offered: after.position },
        },
      );
    }
    const next = extended(previous, entries);
    const stated = statedBy(parts, next, previous);
    const atMs = parts.clock.nowMs();
    await appendEntry(tx, parts.identity, { kind: 'audit', subject: { ...next }, atMs });
    await addCheckpoint(tx, stated, atMs);
    return stated;
  });
  await tellWitness(parts);
  return { checkpoint };
}
