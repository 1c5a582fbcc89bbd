import { appendEvent } from '../events/index.ts';
import { isUniqueViolation, type DatabaseTransaction } from '../database/index.ts';
import {
  credentialPinDigest,
  credentialPinSchema,
  fromBase64Url,
  publicKeySchema,
  verifySignature,
  type CredentialPin,
  type PinnedCredential,
  type PublicKey,
} from '../intents/index.ts';
import {
  canonicalJson,
  idFromUuid,
  idToUuid,
  parseId,
  type CredentialId,
  type CustomerId,
} from '../shared/index.ts';
import { dueNow } from './backoff.ts';
import { WalletError } from './errors.ts';
import { record, type Cause } from './wallet-audit.ts';
import type { WalletParts } from './wallet-parts.ts';
import type { Tables } from './wallet-store.ts';

/** A statement is made for the moment; an old one may have been stolen from a drawer. */
const MAX_PIN_AGE_MS = 15 * 60_000;
const MAX_CREDENTIALS = 20;

type PinParts = Pick<WalletParts, 'clock' | 'network'>;

export interface SigningCredential extends PinnedCredential {
  /** Null until the signer knows it. */
  readonly pinnedAt: Date | null;
  readonly createdAt: Date;
}

/** The keys with which a customer signs requests, oldest first. */
export async function signingCredentialsOf(
  tables: Tables,
  customer: CustomerId,
): Promise<readonly SigningCredential[]> {
  const rows = await tables.signingCredential.findMany({
    where: { customerId: idToUuid(customer), credential: { revokedAt: null } },
    orderBy: { createdAt: 'asc' },
  });
  return rows.map((row) => ({
    id: idFromUuid('credential', row.credentialId),
    publicKey: publicKeySchema.parse(JSON.parse(row.publicKey)),
    pinnedAt: row.pinnedAt,
    createdAt: row.createdAt,
  }));
}

function foreign(reason: string): WalletError {
  return new WalletError('credential_pin_foreign', 'This statement does not pin a key for this customer.', {
    details: { reason },
  });
}

/** Whoever signed: the credential itself when it is the first, else one that is here already. */
function signerOf(pin: CredentialPin, known: readonly SigningCredential[]): PublicKey {
  const { credential, signedBy } = pin.statement;
  if (known.length === 0) {
    if (signedBy !== credential.id) throw foreign('the first credential signs for itself');
    return credential.publicKey;
  }
  const signer = known.find(({ id }) => id === signedBy);
  if (signer === undefined) throw foreign('a further credential is signed with an earlier one');
  return signer.publicKey;
}

async function checkPin(
  parts: PinParts,
  customer: CustomerId,
  pin: CredentialPin,
  known: readonly SigningCredential[],
): Promise<void> {
  const { statement } = pin;
  if (statement.customer !== customer) throw foreign('another customer');
  if (statement.network !== parts.network) throw foreign('another network');
  if (statement.credential.publicKey.algorithm === 'ed25519')
    throw foreign('a person signs with a passkey or RSA');
  if (known.length >= MAX_CREDENTIALS) throw foreign(`more than ${MAX_CREDENTIALS} credentials`);
  if (Math.abs(parts.clock.nowMs() - Date.parse(statement.signedAt)) > MAX_PIN_AGE_MS) {
    throw new WalletError(
      'credential_pin_stale',
      'The statement was signed too long ago, or in the future.',
      {
        details: { signedAt: statement.signedAt },
      },
    );
  }
  await verifySignature(signerOf(pin, known), credentialPinDigest(statement), pin.signature);
}

function credentialColumns(key: PublicKey) {
  const bytes = (text: string): Uint8Array<ArrayBuffer> => fromBase64Url(text) ?? new Uint8Array();
  if (key.algorithm === 'webauthn') {
    const { credentialId, coseKey } = key;
    return {
      kind: 'passkey',
      passkeyId: bytes(credentialId),
      publicKey: bytes(coseKey),
      signCount: 0n,
    };
  }
  return { kind: 'rsa_signing_key', publicKey: bytes(key.algorithm === 'rsa-pss-sha256' ? key.spki : '') };
}

async function store(
  tx: DatabaseTransaction,
  customer: CustomerId,
  pin: CredentialPin,
  label: string,
  now: Date,
): Promise<void> {
  const { credential } = pin.statement;
  const id = idToUuid(parseId('credential', credential.id));
  const customerId = idToUuid(customer);
  await tx.credential.create({
    data: {
      id,
      customerId,
      label,
      createdAt: now,
      confirmedAt: now,
      ...credentialColumns(credential.publicKey),
    },
  });
  await tx.signingCredential.create({
    data: {
      credentialId: id,
      customerId,
      publicKey: canonicalJson(credential.publicKey),
      pin: canonicalJson(pin),
      createdAt: now,
      nextStepAt: now,
    },
  });
}

/**
 * Adds a key with which a customer signs requests, within the caller's transaction. The statement proves that the customer holds the key, and, from
 * the second one on, that somebody with an earlier key wants it: a stolen session alone adds none. The signer is
 * told afterwards and checks the same statement.
 * @throws WalletError `credential_pin_malformed`, `credential_pin_foreign`, `credential_pin_stale`,
 * `signing_credential_taken`; IntentError `signature_…`.
 */
export async function addSigningCredential(
  tx: DatabaseTransaction,
  parts: PinParts,
  customer: CustomerId,
  document: { readonly pin: unknown; readonly label: string },
  cause: Cause,
): Promise<SigningCredential> {
  const parsed = credentialPinSchema.safeParse(document.pin);
  if (!parsed.success) {
    throw new WalletError('credential_pin_malformed', 'This is not the statement of a credential.', {
      details: {
        at: parsed.error.issues[0]?.path.join('.') ?? '',
        reason: parsed.error.issues[0]?.message ?? '',
      },
    });
  }
  const pin = parsed.data;
  const { credential } = pin.statement;
  const now = new Date(parts.clock.nowMs());
  // One at a time for each customer, so that two "first" credentials cannot both sign for themselves.
  await tx.$queryRaw`SELECT id FROM app.customer WHERE id = ${idToUuid(customer)}::uuid FOR NO KEY UPDATE`;
  await checkPin(parts, customer, pin, await signingCredentialsOf(tx, customer));
  try {
    await store(tx, customer, pin, document.label, now);
  } catch (thrown) {
    if (!isUniqueViolation(thrown)) throw thrown;
    throw new WalletError('signing_credential_taken', 'This credential is known already.', {
      cause: thrown,
    });
  }
  const facts = { customer, algorithm: credential.publicKey.algorithm, signedBy: pin.statement.signedBy };
  await record(tx, parts.clock, cause, 'credential.add', credential.id, facts);
  await appendEvent(
    tx,
    { type: 'credential.added', subject: credential.id, customer, data: { label: document.label } },
    parts.clock,
  );
  return { ...credential, pinnedAt: null, createdAt: now };
}

/** Credentials that the signer does not know yet and that are due. */
export async function duePins(
  parts: WalletParts,
  limit: number,
): Promise<readonly { readonly id: CredentialId; readonly pin: CredentialPin; readonly failures: number }[]> {
  const rows = await parts.database.signingCredential.findMany({
    where: { pinnedAt: null, pin: { not: null }, ...dueNow(parts.clock.nowMs()) },
    orderBy: { nextStepAt: 'asc' },
    take: limit,
  });
  return rows.map((row) => ({
    id: idFromUuid('credential', row.credentialId),
    pin: credentialPinSchema.parse(JSON.parse(row.pin ?? 'null')),
    failures: row.failures,
  }));
}
