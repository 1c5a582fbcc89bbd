import { intentHash } from '../intents/index.ts';
import { canonicalJson, crashPoint, isoTime, type JsonValue } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { eraseFrozenKeys } from './deep-freeze.ts';
import { requireEntitledStaff } from './entitled-staff.ts';
import { SignerError } from './errors.ts';
import { requireInStep, tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import { addRestrictionRelease, knownRestriction, type KnownRestriction } from './restriction-store.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import { thawHindrance } from './thaw.ts';

type Release = SignerParameters<'release'>;

function checkNames(
  { intent }: Release,
  known: KnownRestriction | undefined,
): asserts known is KnownRestriction {
  const { restriction, customer, openedBy } = intent.body;
  if (known?.kind === 'closed') {
    throw new SignerError('restriction_final', 'A closed account is never opened again.', {
      details: { restriction },
    });
  }
  if (known?.customer === customer && known.openedBy === openedBy) return;
  throw new SignerError('restriction_unknown', 'No such restriction was ever imposed here.', {
    details: { restriction },
  });
}

/** What was signed before the restriction was imposed cannot be about it. */
function checkAfter({ request, approvals }: Release, { restrictedAtMs }: KnownRestriction): void {
  const signed = [request.statement, ...approvals.map(({ statement }) => statement)];
  const early = signed.find(({ signedAt }) => Date.parse(signedAt) < restrictedAtMs);
  if (early === undefined) return;
  throw new SignerError('approval_before_restriction', 'It was signed before the restriction was imposed.', {
    details: { signedAt: early.signedAt },
  });
}

/**
 * Lifts one restriction when enough people have approved just that, by the manifest and never by the word of the
 * application; all others stay. May be repeated after a lost answer.
 * @throws SignerError `restriction_unknown`, `restriction_final`, `restriction_lifted_already`,
 * `approval_before_restriction`, `approval_before_resume`, `thaw_not_due`, `platform_keys_away`, `statement_missing`, `signer_sealed`, `manifest_missing`, `witness_out_of_reach`; IntentError of the intent and its signatures.
 */
export async function releaseRestriction(
  parts: SignerParts,
  release: Release,
): Promise<SignerAnswer<'release'>> {
  await requireInStep(parts);
  const hash = intentHash(release.intent);
  const { restriction: id, customer } = release.intent.body;
  const answer = await exclusively(parts.pool, async (tx) => {
    const known = await knownRestriction(tx, id);
    checkNames(release, known);
    if (known.releasedAtMs !== null) {
      if (known.releasedBy === hash) return { releasedAt: isoTime(known.releasedAtMs) };
      throw new SignerError('restriction_lifted_already', 'Another release has lifted it.', {
        details: { restriction: id },
      });
    }
    checkAfter(release, known);
    const atMs = parts.clock.nowMs();
    const isDeep = known.kind === 'deep_freeze';
    const hindrance = isDeep ? await thawHindrance(parts, tx, release, known) : undefined;
    if (hindrance !== undefined) return hindrance;
    // A deep freeze was approved when its time lock began, and the approval has expired since.
    const people = isDeep ? [] : await requireEntitledStaff(parts, tx, release);
    const document = canonicalJson(release as unknown as JsonValue);
    await addRestrictionRelease(tx, { restriction: id, liftedBy: hash, document }, atMs);
    const subject: JsonValue = { restriction: id, intentHash: hash };
    await appendEntry(tx, parts.identity, { kind: 'released', subject, atMs });
    const details = { restriction: id, approvedBy: [...people] };
    await addAlert(tx, {
      atMs,
      kind: 'released',
      method: 'release',
      text: `Lifted a restriction of ${customer}.`,
      details,
    });
    return { releasedAt: isoTime(atMs) };
  });
  crashPoint('signer.release_recorded');
  await tellWitness(parts);
  if (answer instanceof SignerError) {
    // What was begun stays written down.
    await eraseFrozenKeys(parts);
    throw answer;
  }
  await parts.keys.eraseTransportKey(id);
  return answer;
}
