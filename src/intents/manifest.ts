import { parseSatoshis } from '../shared/index.ts';
import { IntentError } from './errors.ts';
import { CLOCK_TOLERANCE_MS } from './intent.ts';
import {
  manifestSchema,
  signedManifestSchema,
  type Manifest,
  type SignedManifest,
} from './manifest-contract.ts';
import { samePublicKey } from './public-key.ts';
import { hashStatement, hex } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const MANIFEST_TAG = 'trilock/manifest/1';

function malformed(reason: string): never {
  throw new IntentError('manifest_malformed', 'This manifest is not usable.', { details: { reason } });
}

/** What officers sign. */
export function manifestDigest(manifest: Manifest): Uint8Array {
  return hashStatement(MANIFEST_TAG, manifest);
}

export function manifestHash(manifest: Manifest): string {
  return hex(manifestDigest(manifest));
}

/** A rule that no set of people could meet would stop every withdrawal; it is refused before it is signed. */
function checkSatisfiable(manifest: Manifest): void {
  for (const rule of [...manifest.quorumRules, ...manifest.controlRules]) {
    const eligible = manifest.approvers.filter((approver) => rule.roles.includes(approver.role));
    const people = new Set(eligible.map((approver) => approver.person));
    const withKeyFile = eligible.filter((approver) => approver.key.algorithm === 'rsa-pss-sha256');
    const local = new Set(withKeyFile.map((approver) => approver.person));
    if (rule.approvals > people.size || rule.localApprovals > Math.min(local.size, rule.approvals)) {
      malformed('a quorum rule asks for more people than there are');
    }
  }
}

/** The second signer is another machine: its key stands for nobody else, and nobody else's for it. */
function checkMachines({ attestationKeys }: Manifest): void {
  const { platform_b: second = [], platform, cold, backup } = attestationKeys;
  const others = [...platform, ...cold, ...backup];
  if (second.some((key) => others.some((other) => samePublicKey(key, other))))
    malformed('the second signer has the key of another machine');
}

function checkConsistent(manifest: Manifest): void {
  if ((manifest.number === 1) !== (manifest.previousHash === null))
    malformed('number and previous hash disagree');
  if (Date.parse(manifest.expiresAt) <= Date.parse(manifest.issuedAt))
    malformed('it expires before it is issued');
  const officers = new Set(manifest.officers.map((officer) => officer.person));
  if (officers.size !== manifest.officers.length) malformed('an officer is listed twice');
  if (manifest.officerQuorum > officers.size) malformed('the officers’ quorum exceeds their number');
  const people = [...manifest.officers, ...manifest.approvers];
  if (people.some((entry) => entry.key.algorithm === 'ed25519')) malformed('a person has a machine’s key');
  const { treasury } = manifest;
  if (treasury !== undefined && treasury.hot === treasury.cold) malformed('hot and cold are one wallet');
  let bound = -1n;
  manifest.quorumRules.forEach((rule, index) => {
    const upTo = rule.upToSatoshis === null ? undefined : parseSatoshis(rule.upToSatoshis);
    const isLast = index === manifest.quorumRules.length - 1;
    if (upTo === undefined ? !isLast : upTo <= bound) malformed('the quorum rules are not in rising order');
    bound = upTo ?? bound;
  });
  checkMachines(manifest);
  checkSatisfiable(manifest);
}

/** A manifest before it is signed. @throws IntentError `manifest_malformed`. */
export function parseManifest(value: unknown): Manifest {
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) malformed(parsed.error.issues[0]?.message ?? '');
  checkConsistent(parsed.data);
  return parsed.data;
}

/** @throws IntentError `manifest_malformed`. */
export function parseSignedManifest(value: unknown): SignedManifest {
  const parsed = signedManifestSchema.safeParse(value);
  if (!parsed.success) malformed(parsed.error.issues[0]?.message ?? '');
  checkConsistent(parsed.data.manifest);
  return parsed.data;
}

/**
 * Counts people, not signatures: one who signs twice counts once, a stranger's signature not at all.
 * @throws IntentError `manifest_not_signed`, `signature_…`.
 */
export async function requireOfficers(
  digest: Uint8Array,
  signatures: SignedManifest['signatures'],
  trusted: Pick<Manifest, 'officers' | 'officerQuorum'>,
): Promise<void> {
  const people = new Set<string>();
  for (const { officer: id, signature } of signatures) {
    const officer = trusted.officers.find((entry) => entry.id === id);
    if (officer === undefined) continue;
    await verifySignature(officer.key, digest, signature);
    people.add(officer.person);
  }
  if (people.size < trusted.officerQuorum) {
    throw new IntentError('manifest_not_signed', 'Too few officers have signed this.', {
      details: { needed: trusted.officerQuorum, signed: people.size },
    });
  }
}

/**
 * Accepts the manifest that follows the one in force (or, with its hash pinned beforehand, the first). Its
 * officers are those of the manifest before, so that a manifest cannot appoint its own signers.
 * @throws IntentError `manifest_…`, `signature_wrong`.
 */
export async function acceptManifest(
  inForce: Manifest | { readonly pinnedFirstHash: string },
  candidate: SignedManifest,
  network: Manifest['network'],
): Promise<Manifest> {
  const next = candidate.manifest;
  if (next.network !== network) {
    throw new IntentError('manifest_wrong_network', `The manifest is for ${next.network}, not ${network}.`);
  }
  if ('pinnedFirstHash' in inForce) {
    if (next.number !== 1 || manifestHash(next) !== inForce.pinnedFirstHash) {
      throw new IntentError('manifest_not_signed', 'This is not the first manifest that was pinned.');
    }
    await requireOfficers(manifestDigest(next), candidate.signatures, next);
    return next;
  }
  if (next.number !== inForce.number + 1 || next.previousHash !== manifestHash(inForce)) {
    throw new IntentError('manifest_rolled_back', 'The manifest does not follow the one in force.', {
      details: { inForce: inForce.number, offered: next.number },
    });
  }
  await requireOfficers(manifestDigest(next), candidate.signatures, inForce);
  return next;
}

/** @throws IntentError `manifest_expired`. */
export function checkManifestCurrent(manifest: Manifest, nowMs: number): void {
  const notYet = Date.parse(manifest.issuedAt) > nowMs + CLOCK_TOLERANCE_MS;
  if (notYet || nowMs >= Date.parse(manifest.expiresAt)) {
    throw new IntentError('manifest_expired', 'The manifest is not in force at this time.', {
      details: { number: manifest.number, expiresAt: manifest.expiresAt },
    });
  }
}
