import { z } from 'zod';
import {
  manifestDigest,
  manifestHash,
  manifestSchema,
  officerSignaturesSchema,
  parseManifest,
  samePublicKey,
  type Manifest,
  type SignedManifest,
} from '../intents/index.ts';
import type { MasterPrivateKey } from '../keyring/index.ts';
import { isoTime } from '../shared/index.ts';
import { publicKeyOf, signatureBy } from './customer-key.ts';
import { StationError } from './errors.ts';

/** A manifest on its way round the officers: with none, some or all signatures. */
export interface ManifestDraft {
  readonly manifest: Manifest;
  readonly signatures: SignedManifest['signatures'];
}

/** What officers decide; number, times and chain come from the draft. */
const contentSchema = manifestSchema.omit({
  version: true,
  number: true,
  network: true,
  issuedAt: true,
  expiresAt: true,
  previousHash: true,
});

export type ManifestContent = z.infer<typeof contentSchema>;

const DAY_MS = 24 * 3_600_000;

function malformed(error: z.ZodError): StationError {
  const issue = error.issues[0];
  return new StationError('document_malformed', 'This is not a manifest, nor what one is made of.', {
    details: { path: issue?.path.join('.') ?? '', reason: issue?.message ?? '' },
  });
}

/** @throws StationError `document_malformed`. */
export function parseManifestContent(value: unknown): ManifestContent {
  const parsed = contentSchema.safeParse(value);
  if (!parsed.success) throw malformed(parsed.error);
  return parsed.data;
}

/** @throws StationError `document_malformed`; IntentError `manifest_malformed`. */
export function parseManifestDraft(value: unknown): ManifestDraft {
  const schema = z.strictObject({
    manifest: z.unknown(),
    signatures: officerSignaturesSchema.or(z.tuple([])),
  });
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw malformed(parsed.error);
  return { manifest: parseManifest(parsed.data.manifest), signatures: parsed.data.signatures };
}

/**
 * The next manifest, or the first, ready to be signed. A rule that nobody could meet is refused here already.
 * @throws IntentError `manifest_malformed`.
 */
export function draftManifest(wishes: {
  readonly content: ManifestContent;
  readonly network: Manifest['network'];
  readonly previous: Manifest | null;
  readonly nowMs: number;
  readonly days: number;
}): ManifestDraft {
  const { content, network, previous, nowMs, days } = wishes;
  const manifest = parseManifest({
    ...content,
    version: 1,
    number: (previous?.number ?? 0) + 1,
    network,
    issuedAt: isoTime(nowMs),
    expiresAt: isoTime(nowMs + days * DAY_MS),
    previousHash: previous === null ? null : manifestHash(previous),
  });
  return { manifest, signatures: [] };
}

/**
 * Adds an officer's signature. Who may sign is in the manifest before; for the first, in itself.
 * @throws StationError `officer_unknown` when the key is not the officer's, `officer_signed_before`.
 */
export function signManifest(
  draft: ManifestDraft,
  officer: string,
  key: MasterPrivateKey,
  trusted: Pick<Manifest, 'officers'>,
): ManifestDraft {
  const entry = trusted.officers.find(({ id }) => id === officer);
  if (entry === undefined || !samePublicKey(entry.key, publicKeyOf(key))) {
    throw new StationError('officer_unknown', 'This key file is not the one of that officer.', {
      details: { officer },
    });
  }
  if (draft.signatures.some((signature) => signature.officer === officer)) {
    throw new StationError('officer_signed_before', 'This officer has signed already.', {
      details: { officer },
    });
  }
  const signature = signatureBy(key, manifestDigest(draft.manifest));
  return { ...draft, signatures: [...draft.signatures, { officer, signature }] };
}

function bitcoin(satoshis: string): string {
  const digits = satoshis.padStart(9, '0');
  return `${digits.slice(0, -8)}.${digits.slice(-8)} BTC`;
}

/** What a manifest says, in plain words, for the officer who signs it. */
export function describeManifest(manifest: Manifest): string[] {
  const { limits, attestationKeys } = manifest;
  return [
    `Manifest ${manifest.number} for ${manifest.network}, in force from ${manifest.issuedAt} until ${manifest.expiresAt}.`,
    `Hash: ${manifestHash(manifest)}`,
    `The next one takes ${manifest.officerQuorum} of ${manifest.officers.length} officers:`,
    ...manifest.officers.map(({ id, person }) => `  ${person} (${id})`),
    'Approvers:',
    ...manifest.approvers.map(
      ({ id, person, role, key }) =>
        `  ${person}, ${role}, by ${key.algorithm === 'webauthn' ? 'passkey' : 'key file'} (${id})`,
    ),
    ...manifest.quorumRules.map(
      ({ upToSatoshis, approvals, roles, localApprovals }) =>
        `${upToSatoshis === null ? 'Any other amount' : `Up to ${bitcoin(upToSatoshis)}`}: ${approvals} of ${roles.join(', ')}; ${localApprovals} of them by key file.`,
    ),
    ...manifest.controlRules.map(
      ({ kinds, approvals, roles, localApprovals }) =>
        `For ${kinds.join(', ')}: ${approvals} of ${roles.join(', ')}; ${localApprovals} of them by key file.`,
    ),
    `Never more than ${bitcoin(limits.maxWithdrawalSatoshis)} at once, ${bitcoin(limits.maxDailySatoshis)} in 24 hours, ${bitcoin(limits.maxFeeSatoshis)} in fees, ${limits.maxFeeRateSatsPerKvb} sat/kvB.`,
    `Keys are attested by ${attestationKeys.cold.length} cold, ${attestationKeys.backup.length} backup, ${attestationKeys.platform.length} platform, ${attestationKeys.platform_b?.length ?? 0} of the second signer.`,
  ];
}
