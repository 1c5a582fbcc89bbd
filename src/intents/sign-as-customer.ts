import type { MasterLock } from '../keyring/browser/index.ts';
import { isoTime } from '../shared/index.ts';
import { statementDigest } from './approval.ts';
import type { RequestSignature } from './approval-contract.ts';
import { toBase64Url } from './base64url.ts';
import { customerStatementDigest } from './customer-statement.ts';
import type { Intent } from './intent-contract.ts';
import { intentHash } from './intent.ts';
import type { CustomerStatement, MasterLockRegistration } from './master-lock-contract.ts';
import { masterLockDigest } from './master-lock.ts';
import type { PublicKey, Signature } from './signature-contract.ts';
import type { CredentialPin } from './signer-statements-contract.ts';
import { credentialPinDigest } from './signer-statements.ts';

/** Somebody who signs the digest of a statement: a master lock, or a passkey that is asked each time. */
export interface CustomerSigner {
  /** Id of the credential. */
  readonly id: string;
  readonly publicKey: PublicKey;
  readonly sign: (digest: Uint8Array) => Promise<Signature>;
}

/** A master lock as a credential: with RSA-PSS, by its signing half. */
export function lockSigner(id: string, lock: Pick<MasterLock, 'signing' | 'sign'>): CustomerSigner {
  const algorithm = 'rsa-pss-sha256';
  return {
    id,
    publicKey: { algorithm, spki: toBase64Url(lock.signing) },
    sign: async (digest) => ({ algorithm, signature: toBase64Url(await lock.sign(digest)) }),
  };
}

/**
 * The registration of a lock that is at hand, signed by both its halves, and by the lock before when that gives its
 * place away.
 */
export async function makeMasterLockRegistration(
  lock: MasterLock,
  words: Pick<MasterLockRegistration['statement'], 'network' | 'customer' | 'id'>,
  nowMs: number,
  previous: { readonly id: string; readonly lock: Pick<MasterLock, 'sign'> | null } | null = null,
): Promise<MasterLockRegistration> {
  const { network, customer, id } = words;
  const statement: MasterLockRegistration['statement'] = {
    purpose: 'master lock',
    network,
    customer,
    id,
    signing: toBase64Url(lock.signing),
    decryption: toBase64Url(lock.decryption),
    replaces: previous?.id ?? null,
    signedAt: isoTime(nowMs),
  };
  const digest = masterLockDigest(statement);
  return {
    statement,
    possession: {
      signing: toBase64Url(await lock.sign(digest)),
      decryption: toBase64Url(await lock.proveDecryption(digest)),
    },
    // A lost file cannot vouch for the new one: officers do.
    previous:
      previous === null || previous.lock === null ? null : toBase64Url(await previous.lock.sign(digest)),
  };
}

/** A credential's pin, signed with `by`: itself when it is the first, else one that is known already. */
export async function makeCredentialPin(
  words: Pick<CredentialPin['statement'], 'network' | 'customer'>,
  credential: Pick<CustomerSigner, 'id' | 'publicKey'>,
  by: CustomerSigner,
  nowMs: number,
): Promise<CredentialPin> {
  const { network, customer } = words;
  const { id, publicKey } = credential;
  const statement: CredentialPin['statement'] = {
    purpose: 'pin credential',
    network,
    customer,
    credential: { id, publicKey },
    signedBy: by.id,
    signedAt: isoTime(nowMs),
  };
  return { statement, signature: await by.sign(credentialPinDigest(statement)) };
}

/** A statement for one purpose about one thing, good for `lifetimeMs`. */
export async function makeCustomerStatement(
  words: Pick<CustomerStatement['statement'], 'purpose' | 'network' | 'customer' | 'subject'>,
  by: CustomerSigner,
  nowMs: number,
  lifetimeMs = 15 * 60_000,
): Promise<CustomerStatement> {
  const { purpose, network, customer, subject } = words;
  const random = crypto.getRandomValues(new Uint8Array(16));
  const statement: CustomerStatement['statement'] = {
    ...{ purpose, network, customer, subject },
    credential: by.id,
    nonce: [...random].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    issuedAt: isoTime(nowMs),
    expiresAt: isoTime(nowMs + lifetimeMs),
  };
  return { statement, signature: await by.sign(customerStatementDigest(statement)) };
}

/** The customer's signature over an intent that they have read. */
export async function makeRequest(
  intent: Intent,
  by: CustomerSigner,
  nowMs: number,
): Promise<RequestSignature> {
  const statement: RequestSignature['statement'] = {
    purpose: 'request',
    intentHash: intentHash(intent),
    credential: by.id,
    signedAt: isoTime(nowMs),
  };
  return { statement, signature: await by.sign(statementDigest(statement)) };
}
