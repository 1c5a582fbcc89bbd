import { requireOfficers, signerResumeDigest, type SignerResume } from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { canonicalJson, type JsonValue } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { SignerError } from './errors.ts';
import { requireInStep } from './in-step.ts';
import { appendEntry, NO_HEAD } from './journal.ts';
import { requireManifest } from './manifest-store.ts';
import type { SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';

/** Stops all signing until officers resume it. */
export async function sealSigner(parts: SignerParts, { reason }: SignerParameters<'seal'>): Promise<void> {
  await exclusively(parts.pool, async (tx) => {
    const atMs = parts.clock.nowMs();
    await appendEntry(tx, parts.identity, { kind: 'sealed', subject: { reason }, atMs });
    await addAlert(tx, {
      atMs,
      kind: 'sealed',
      method: 'seal',
      text: 'The signer was sealed.',
      details: { reason },
    });
  });
}

function wrong(reason: string): never {
  throw new SignerError('resume_wrong', 'The officers’ permission does not fit this signer as it stands.', {
    details: { reason },
  });
}

/** The witness must stand now where the officers saw it. */
async function checkNamed(parts: SignerParts, statement: SignerResume['statement']): Promise<void> {
  if (statement.network !== parts.network) wrong('it is for another network');
  if (statement.signerKey !== parts.identity.publicKey) wrong('it is for another signer');
  const witnessed = await parts.witness.head();
  const named = statement.witnessHead;
  if (witnessed === null || named === null) {
    if (witnessed !== named) wrong('it does not name the witness’s head');
    return;
  }
  const { signerKey, witnessKey, statement: head } = witnessed;
  if (signerKey !== statement.signerKey || witnessKey !== statement.witnessKey)
    wrong('it is for another witness');
  if (canonicalJson(head) !== canonicalJson(named)) wrong('it does not name the witness’s head');
}

/** A permission for later would let a stolen backup run as soon as it fits. */
const MAX_AGE_MS = 24 * 3_600_000;
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * Lets a sealed signer sign again: the quorum of officers names the witness's head, the record goes on behind it, and
 * approvals from before are void. @throws SignerError `resume_wrong`, `manifest_missing`, `witness_out_of_reach`;
 * IntentError `manifest_not_signed`, `signature_…`.
 */
export async function resumeSigner(parts: SignerParts, resume: SignerResume): Promise<void> {
  const { statement, signatures } = resume;
  await exclusively(parts.pool, async (tx) => {
    await checkNamed(parts, statement);
    const manifest = await requireManifest(tx);
    if (manifest.number < (statement.witnessHead?.manifestVersion ?? 0)) {
      wrong('the witness has seen a newer manifest: load what is missing first');
    }
    await requireOfficers(signerResumeDigest(statement), signatures, manifest);
    const atMs = parts.clock.nowMs();
    const issuedAtMs = Date.parse(statement.issuedAt);
    if (issuedAtMs <= (await approvalsCountFrom(tx))) wrong('it is not newer than the last one');
    if (atMs - issuedAtMs > MAX_AGE_MS || issuedAtMs > atMs + CLOCK_TOLERANCE_MS) {
      wrong('it was not issued within the last day');
    }
    const after = statement.witnessHead ?? { counter: 0, consumedHead: NO_HEAD };
    const subject = statement as unknown as JsonValue;
    const { epoch } = await appendEntry(
      tx,
      parts.identity,
      { kind: 'resumed', subject, atMs },
      { counter: after.counter, head: after.consumedHead },
    );
    await tx.query(
      'INSERT INTO signer.resumption (epoch, issued_at_ms, witness_key, document) VALUES ($1, $2, $3, $4)',
      [epoch, issuedAtMs, statement.witnessKey, canonicalJson(resume as unknown as JsonValue)],
    );
    const text = 'Officers let the signer sign again; approvals from before are void.';
    await addAlert(tx, { atMs, kind: 'resumed', method: 'resume', text, details: { epoch } });
  });
  await requireInStep(parts);
}

/** From when on approvals count, in milliseconds: the last resumption. */
export async function approvalsCountFrom(tx: PoolClient): Promise<number> {
  const { rows } = await tx.query<{ latest: bigint | null }>(
    'SELECT max(issued_at_ms) AS latest FROM signer.resumption',
  );
  return Number(rows[0]?.latest ?? 0n);
}
