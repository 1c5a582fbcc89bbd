import { hex, hashStatement, type MasterLockRegistration } from '../intents/index.ts';
import { issueLockCertificate, issuerCertificate, type CertificateIssuer } from '../keyring/browser/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { canonicalJson, isoTime } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { appendEntry } from './journal.ts';
import { endRecovery, waitingRecovery, type RecoveryOutcome } from './lock-recovery-store.ts';
import {
  addLock,
  endCredential,
  lockRegistrationHash,
  type EndReason,
  type PinnedLock,
} from './master-lock-store.ts';
import type { SignerAnswer, SignerMethod } from './signer-contract.ts';
import type { SignerParts } from './signer-parts.ts';

/** What the journal says of a lock; the tables repeat it. */
export type LockEvent =
  | {
      readonly event: 'pinned';
      readonly customer: string;
      readonly lock: string;
      readonly registrationHash: string;
    }
  | { readonly event: 'ended'; readonly customer: string; readonly lock: string; readonly reason: EndReason }
  | {
      readonly event: 'statement';
      readonly customer: string;
      readonly hash: string;
      readonly purpose: string;
    }
  | {
      readonly event: 'recovery';
      readonly customer: string;
      readonly intentHash: string;
      readonly documentHash: string;
      readonly startedAtMs: number;
    }
  | {
      readonly event: 'recovery ended';
      readonly customer: string;
      readonly intentHash: string;
      readonly outcome: RecoveryOutcome;
    };

const DOCUMENT_TAG = 'trilock/lock-recovery/1';

/** 32 bytes, hex, over a recovery's whole document. */
export function recoveryDocumentHash(document: object): string {
  return hex(hashStatement(DOCUMENT_TAG, document));
}

/** The line that the tables must show for an event. */
export function lineOfLockEvent(event: LockEvent): string {
  switch (event.event) {
    case 'pinned':
      return `lock ${event.customer} ${event.lock} ${event.registrationHash}`;
    case 'ended':
      return `ended ${event.lock} ${event.reason}`;
    case 'statement':
      return `statement ${event.hash} ${event.customer} ${event.purpose}`;
    case 'recovery':
      return `recovery ${event.intentHash} ${event.customer} ${event.documentHash} ${event.startedAtMs}`;
    case 'recovery ended':
      return `recovery ended ${event.intentHash} ${event.outcome}`;
  }
}

const WORDS: Readonly<Record<LockEvent['event'], string>> = {
  pinned: 'Pinned a master lock of',
  ended: 'Ended a master lock of',
  statement: 'Accepted a statement of',
  recovery: 'Began the way back to a lost master lock of',
  'recovery ended': 'Ended the way back to a lost master lock of',
};

/** Writes an event into the journal and the log. */
export async function recordLockEvent(
  { identity }: Pick<SignerParts, 'identity'>,
  tx: PoolClient,
  event: LockEvent,
  method: SignerMethod,
  atMs: number,
): Promise<void> {
  await appendEntry(tx, identity, { kind: 'master_lock', subject: { ...event }, atMs });
  const text = `${WORDS[event.event]} ${event.customer}.`;
  await addAlert(tx, { atMs, kind: 'master_lock', method, text, details: { ...event } });
}

/** Pins a lock whose registration the caller has checked. */
export async function pinLock(
  parts: SignerParts,
  tx: PoolClient,
  registration: MasterLockRegistration,
  method: SignerMethod,
  atMs: number,
): Promise<PinnedLock> {
  const { id: lock, customer } = registration.statement;
  await addLock(tx, registration, atMs);
  const registrationHash = lockRegistrationHash(registration);
  await recordLockEvent(parts, tx, { event: 'pinned', customer, lock, registrationHash }, method, atMs);
  return { id: lock, customer, registration, registrationHash, pinnedAtMs: atMs, live: true };
}

/** Ends a lock and the credential that its signing half is. */
export async function endLock(
  parts: SignerParts,
  tx: PoolClient,
  { id: lock, customer }: Pick<PinnedLock, 'id' | 'customer'>,
  reason: EndReason,
  method: SignerMethod,
  atMs: number,
): Promise<void> {
  await endCredential(tx, lock, reason, atMs);
  await recordLockEvent(parts, tx, { event: 'ended', customer, lock, reason }, method, atMs);
}

/** Ends the recovery that a customer waits for, if there is one. */
export async function endWaitingRecovery(
  parts: SignerParts,
  tx: PoolClient,
  customer: string,
  outcome: RecoveryOutcome,
  method: SignerMethod,
  atMs: number,
): Promise<void> {
  const waiting = await waitingRecovery(tx, customer);
  if (waiting === undefined) return;
  const { intentHash } = waiting;
  await endRecovery(tx, intentHash, outcome, atMs);
  await recordLockEvent(parts, tx, { event: 'recovery ended', customer, intentHash, outcome }, method, atMs);
}

function issuerOf({ identity, network }: SignerParts): CertificateIssuer {
  return {
    publicKey: Buffer.from(identity.publicKey, 'hex'),
    network,
    sign: (message) => Buffer.from(identity.sign(message), 'hex'),
  };
}

/** What a customer gets for a pinned lock: the same every time. */
export async function lockAnswer(
  parts: SignerParts,
  { id, registration, pinnedAtMs }: PinnedLock,
): Promise<SignerAnswer<'registerMasterLock'>> {
  const { customer, signing, decryption } = registration.statement;
  const issuer = issuerOf(parts);
  const issue = async (use: 'signing' | 'decryption', spki: string): Promise<string> => {
    const facts = { network: parts.network, customer, lock: id, use, spki: Buffer.from(spki, 'base64url') };
    return Buffer.from(await issueLockCertificate(facts, issuer, pinnedAtMs)).toString('base64url');
  };
  return {
    lock: id,
    pinnedAt: isoTime(pinnedAtMs),
    certificates: {
      signing: await issue('signing', signing),
      decryption: await issue('decryption', decryption),
      issuer: Buffer.from(await issuerCertificate(issuer)).toString('base64url'),
    },
  };
}

/** Whether two registrations say the same. */
export function sameRegistration(a: MasterLockRegistration, b: MasterLockRegistration): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
