import {
  parseKeyAttestation,
  parseRegistrationReceipt,
  parseWalletRegistration,
  publicKeySchema,
  type KeyAttestation,
  type PinnedCredential,
  type PublicKey,
  type RegistrationReceipt,
  type WalletRegistration,
} from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import { canonicalJson, type JsonValue } from '../shared/index.ts';

/** A wallet as it was pinned. */
export interface PinnedWallet {
  readonly registration: WalletRegistration;
  readonly registrationHash: string;
  readonly receipt: RegistrationReceipt;
}

function text(document: object): string {
  return canonicalJson(document as JsonValue);
}

export async function platformKeyOf(tx: Queryable, wallet: string): Promise<KeyAttestation | undefined> {
  const { rows } = await tx.query<{ attestation: string }>(
    'SELECT attestation FROM signer.platform_key WHERE wallet = $1',
    [wallet],
  );
  return rows[0] === undefined ? undefined : parseKeyAttestation(JSON.parse(rows[0].attestation));
}

export async function addPlatformKey(
  tx: Queryable,
  wallet: string,
  attestation: KeyAttestation,
  atMs: number,
): Promise<void> {
  const { xpub, origin } = attestation.statement;
  await tx.query(
    'INSERT INTO signer.platform_key (wallet, xpub, origin, attestation, made_at_ms) VALUES ($1, $2, $3, $4, $5)',
    [wallet, xpub, origin, text(attestation), atMs],
  );
}

export async function pinnedWallet(tx: Queryable, wallet: string): Promise<PinnedWallet | undefined> {
  const { rows } = await tx.query<{ registration: string; registration_hash: string; receipt: string }>(
    'SELECT registration, registration_hash, receipt FROM signer.wallet WHERE id = $1',
    [wallet],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    registration: parseWalletRegistration(JSON.parse(row.registration)),
    registrationHash: row.registration_hash,
    receipt: parseRegistrationReceipt(JSON.parse(row.receipt)),
  };
}

/** The wallet that a key of these was used in before. */
export async function walletUsingKeys(
  tx: Queryable,
  keys: readonly KeyAttestation[],
): Promise<string | undefined> {
  const { rows } = await tx.query<{ wallet: string }>(
    'SELECT wallet FROM signer.used_key WHERE xpub = ANY($1) OR origin = ANY($2) LIMIT 1',
    [keys.map(({ statement }) => statement.xpub), keys.map(({ statement }) => statement.origin)],
  );
  return rows[0]?.wallet;
}

export async function addWallet(tx: Queryable, wallet: PinnedWallet, atMs: number): Promise<void> {
  const { registration, registrationHash, receipt } = wallet;
  await tx.query(
    `INSERT INTO signer.wallet
       (id, customer, descriptor_hash, registration_hash, registration, receipt, registered_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      registration.wallet,
      registration.customer,
      receipt.statement.descriptorHash,
      registrationHash,
      text(registration),
      text(receipt),
      atMs,
    ],
  );
  for (const { statement } of registration.keys) {
    await tx.query('INSERT INTO signer.used_key (xpub, origin, wallet) VALUES ($1, $2, $3)', [
      statement.xpub,
      statement.origin,
      registration.wallet,
    ]);
  }
}

/** A customer's pinned credentials by id, without those that were ended; empty for a stranger. */
export async function credentialsOf(tx: Queryable, customer: string): Promise<Map<string, PublicKey>> {
  const { rows } = await tx.query<{ id: string; public_key: string }>(
    `SELECT id, public_key FROM signer.credential
      WHERE customer = $1 AND id NOT IN (SELECT id FROM signer.ended_credential) ORDER BY id`,
    [customer],
  );
  return new Map(rows.map((row) => [row.id, publicKeySchema.parse(JSON.parse(row.public_key))]));
}

/** Whether a customer ever had a credential, ended ones counted: the first one alone vouches for itself. */
export async function everHadCredential(tx: Queryable, customer: string): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT FROM signer.credential WHERE customer = $1 LIMIT 1', [
    customer,
  ]);
  return rowCount !== 0;
}

export async function addCredential(
  tx: Queryable,
  customer: string,
  credential: PinnedCredential,
  atMs: number,
): Promise<void> {
  await tx.query(
    'INSERT INTO signer.credential (id, customer, public_key, pinned_at_ms) VALUES ($1, $2, $3, $4)',
    [credential.id, customer, text(credential.publicKey), atMs],
  );
}

/** Whether an id names a credential already, whosever it is. */
export async function credentialExists(tx: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT FROM signer.credential WHERE id = $1', [id]);
  return rowCount !== 0;
}

export function sameCredentials(
  pinned: ReadonlyMap<string, PublicKey>,
  offered: readonly PinnedCredential[],
): boolean {
  const fits = offered.every(({ id, publicKey }) => {
    const own = pinned.get(id);
    return own !== undefined && text(own) === text(publicKey);
  });
  return fits && new Set(offered.map(({ id }) => id)).size === pinned.size;
}
