import type { DescriptorKey, NetworkName } from '../bitcoin/index.ts';
import { formatKeyOrigin } from '../bitcoin/index.ts';
import { isUniqueViolation, type DatabaseTransaction } from '../database/index.ts';
import { parseKeyAttestation, type CosignerRole, type KeyAttestation } from '../intents/index.ts';
import { canonicalJson, idToUuid, type WalletId } from '../shared/index.ts';
import { WalletError } from './errors.ts';

/** A key with where it comes from, checked by the caller. */
export interface AttestedKey {
  readonly attestation: KeyAttestation;
  readonly key: DescriptorKey;
}

interface Placement {
  readonly now: Date;
  /** The wallet that it arrives with; null for a pool. */
  readonly walletId: WalletId | null;
}

/**
 * Notes a key for ever. Rows of one xpub, origin or public key that is known already are refused by the database,
 * so that no key enters two descriptors. @throws WalletError `pool_key_known`.
 */
export async function addAccountKey(
  tx: DatabaseTransaction,
  { attestation, key }: AttestedKey,
  { now, walletId }: Placement,
): Promise<void> {
  const { statement } = attestation;
  try {
    await tx.accountKey.create({
      data: {
        xpub: key.xpub.text,
        origin: formatKeyOrigin(key.origin),
        publicKey: Uint8Array.from(key.xpub.publicKey),
        network: statement.network,
        role: statement.role,
        source: statement.source,
        attestation: canonicalJson(attestation),
        addedAt: now,
        state: walletId === null ? 'available' : 'assigned',
        ...(walletId === null ? {} : { walletId: idToUuid(walletId), assignedAt: now }),
      },
    });
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new WalletError('pool_key_known', 'This key, or one of its origin, was used or imported before.', {
      details: { origin: statement.origin, source: statement.source },
      cause,
    });
  }
}

/** The oldest key of a pool that nobody took, locked for this transaction; null when the pool is empty. */
export async function lockPoolKey(
  tx: DatabaseTransaction,
  network: NetworkName,
  role: CosignerRole,
): Promise<KeyAttestation | null> {
  const [row] = await tx.$queryRaw<{ attestation: string }[]>`
    SELECT attestation FROM app.account_key
    WHERE network = ${network} AND role = ${role} AND state = 'available'
    ORDER BY added_at, xpub LIMIT 1 FOR UPDATE SKIP LOCKED`;
  return row === undefined ? null : parseKeyAttestation(JSON.parse(row.attestation));
}

export async function assignPoolKey(
  tx: DatabaseTransaction,
  xpub: string,
  walletId: WalletId,
  now: Date,
): Promise<void> {
  await tx.accountKey.update({
    where: { xpub, state: 'available' },
    data: { state: 'assigned', walletId: idToUuid(walletId), assignedAt: now },
  });
}

/** A key whose proofs no longer hold is put aside for good. */
export async function refusePoolKey(tx: DatabaseTransaction, xpub: string, reason: string): Promise<void> {
  await tx.accountKey.updateMany({
    where: { xpub, state: 'available' },
    data: { state: 'refused', refusal: reason.slice(0, 200) },
  });
}
