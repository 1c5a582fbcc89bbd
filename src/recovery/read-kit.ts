import { parseDescriptor, type WalletDescriptor } from '../bitcoin/index.ts';
import {
  verifyKeyAttestation,
  verifyRegistrationReceipt,
  verifyWalletRegistration,
  type Manifest,
} from '../intents/index.ts';
import { canonicalJson } from '../shared/index.ts';
import { RecoveryError } from './errors.ts';
import { KIT_PURPOSE, KIT_VERSION, kitSchema, type KitKey, type RecoveryKit } from './kit-contract.ts';
import { kitChecksum, kitContent } from './make-kit.ts';

/** A kit of which everything that can be computed was computed again. */
export interface CheckedKit {
  readonly kit: RecoveryKit;
  readonly descriptor: WalletDescriptor;
  /** In the descriptor’s order. */
  readonly keyNames: readonly string[];
}

function refuseVersion(value: unknown): void {
  const { purpose, version } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  if (purpose === KIT_PURPOSE && typeof version === 'number' && version !== KIT_VERSION) {
    throw new RecoveryError('kit_version_unknown', `Kits of version ${version} are not known here.`, {
      details: { version },
    });
  }
}

/** @throws RecoveryError `kit_malformed`, `kit_version_unknown`, `kit_checksum_wrong`. */
function parseKit(value: unknown): RecoveryKit {
  refuseVersion(value);
  const parsed = kitSchema.safeParse(value);
  if (!parsed.success) {
    throw new RecoveryError('kit_malformed', 'This is not a recovery kit.', {
      details: {
        path: parsed.error.issues[0]?.path.join('.') ?? '',
        reason: parsed.error.issues[0]?.message ?? '',
      },
    });
  }
  const { checksum, ...content } = parsed.data;
  if (kitChecksum(content) !== checksum) {
    throw new RecoveryError(
      'kit_checksum_wrong',
      'The kit was changed or damaged: its checksum does not fit.',
    );
  }
  return parsed.data;
}

/** Says which part of a kit is not what its own registration makes of it. */
function requireConsistent(kit: RecoveryKit): void {
  const { registration, receipt, label, birth, createdAt, envelopes } = kit;
  const expected = kitContent({
    registration,
    receipt,
    label,
    birthHeight: birth.height,
    birthTime: birth.time === null ? null : new Date(birth.time),
    nowMs: Date.parse(createdAt),
    envelopes,
  });
  // Texts may be told otherwise by another release of the same version; what leads to the coins may not.
  const binding = [
    'network',
    'wallet',
    'plan',
    'customer',
    'descriptor',
    'receiveDescriptor',
    'changeDescriptor',
    'threshold',
    'firstAddresses',
    'importFiles',
  ] as const;
  for (const part of binding) {
    if (canonicalJson(kit[part]) === canonicalJson(expected[part])) continue;
    throw contradiction(part);
  }
  const facts = (keys: readonly KitKey[]) => canonicalJson(keys.map(({ howObtained: _, ...key }) => key));
  if (facts(kit.keys) !== facts(expected.keys)) throw contradiction('keys');
}

function contradiction(part: string): RecoveryError {
  return new RecoveryError(
    'kit_contradicts_itself',
    'The kit contradicts itself: its addresses, keys or files are not those of its descriptor.',
    { details: { part } },
  );
}

/** Each key answers for itself: who attested it signed for it, and it proved to be held. */
async function requireProven({ registration }: RecoveryKit): Promise<void> {
  for (const key of registration.keys) {
    await verifyKeyAttestation(key, [key.attestedBy], registration.network);
  }
}

/**
 * Reads a kit and refuses one that was damaged, or whose descriptor, keys, addresses and import files do not belong
 * together. With the institution’s manifest the origin of every key is checked too; without it, a kit that somebody
 * forged as a whole cannot be told from a true one, so it must come from a place that is trusted.
 * @throws RecoveryError `kit_…`; BitcoinError of the descriptor; IntentError of attestations and receipt.
 */
export async function readKit(value: unknown, manifest: Manifest | null = null): Promise<CheckedKit> {
  const kit = parseKit(value);
  const descriptor = parseDescriptor(kit.descriptor, kit.network);
  requireConsistent(kit);
  await requireProven(kit);
  if (manifest !== null) {
    await verifyWalletRegistration(kit.registration, manifest);
    await verifyRegistrationReceipt(kit.receipt, kit.registration, manifest);
  }
  return {
    kit,
    descriptor,
    keyNames: kit.keys.map(({ role, source, fingerprint }) => `${role} key ${fingerprint} of ${source}`),
  };
}
