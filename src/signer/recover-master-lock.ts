import { intentHash, verifyMasterLock } from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { isoTime } from '../shared/index.ts';
import { acceptStatement, wasAccepted } from './customer-statement.ts';
import { requireEntitledStaff } from './entitled-staff.ts';
import { SignerError } from './errors.ts';
import { requireInStep, tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import {
  endLock,
  endWaitingRecovery,
  lockAnswer,
  pinLock,
  recordLockEvent,
  recoveryDocumentHash,
} from './lock-record.ts';
import {
  addRecovery,
  recoveryByIntent,
  waitingRecovery,
  type EntitledRecovery,
  type LockRecovery,
} from './lock-recovery-store.ts';
import { locksOf, type PinnedLock } from './master-lock-store.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import { revokedAmong } from './spend-store.ts';
import { recordDamage } from './verify-record.ts';
import { addCredential, credentialExists } from './wallet-store.ts';

/** The customer and whoever has the old file have this long to object. Nobody shortens it. */
const RECOVERY_WAIT_MS = 14 * 24 * 3_600_000;

/** A clock that was set back when the wait began must not end it early: what was written before was not later. */
async function latestNow({ clock }: SignerParts, tx: PoolClient): Promise<number> {
  const { rows } = await tx.query<{ latest: bigint | null }>(
    'SELECT max(at_ms) AS latest FROM signer.journal',
  );
  return Math.max(clock.nowMs(), Number(rows[0]?.latest ?? 0n));
}

function refuse(reason: string): never {
  throw new SignerError('recovery_refused', 'This is not the way back to a lost lock of this customer.', {
    details: { reason },
  });
}

async function checkEntitled(parts: SignerParts, tx: PoolClient, document: EntitledRecovery): Promise<void> {
  await requireEntitledStaff(parts, tx, document);
  if ((await revokedAmong(tx, [intentHash(document.intent)])).length > 0) refuse('the intent is revoked');
}

/** The lock that is lost is the customer's last one, and the new one is new. */
async function checkLocks(parts: SignerParts, tx: PoolClient, { intent }: EntitledRecovery): Promise<void> {
  const { customer, lost, registration } = intent.body;
  const last = (await locksOf(tx, customer)).at(-1);
  if (last?.id !== lost) refuse('the lost lock is not the customer’s last one');
  if (await credentialExists(tx, registration.statement.id)) refuse('the new lock is no new one');
  if ((await waitingRecovery(tx, customer)) !== undefined) refuse('another one waits already');
  await verifyMasterLock(registration, parts.network, null);
}

function waitingAnswer({ intentHash: hash, startedAtMs }: Omit<LockRecovery, 'outcome'>) {
  return {
    intentHash: hash,
    startedAt: isoTime(startedAtMs),
    readyAt: isoTime(startedAtMs + RECOVERY_WAIT_MS),
  };
}

/**
 * Begins the 14 days after which a new lock takes the place of a lost one: staff ask and the officers' quorum approves,
 * all checked here. The same again gives the same answer.
 * @throws SignerError `recovery_refused`, `approval_before_resume`, `manifest_missing`, `signer_sealed`; IntentError.
 */
export async function startLockRecovery(
  parts: SignerParts,
  document: SignerParameters<'startLockRecovery'>,
): Promise<SignerAnswer<'startLockRecovery'>> {
  await requireInStep(parts);
  const hash = intentHash(document.intent);
  const recovery = await exclusively(parts.pool, async (tx) => {
    const known = await recoveryByIntent(tx, hash);
    if (known !== undefined) return known;
    await checkEntitled(parts, tx, document);
    await checkLocks(parts, tx, document);
    const startedAtMs = await latestNow(parts, tx);
    const { customer } = document.intent.body;
    const begun = { intentHash: hash, customer, document, startedAtMs };
    await addRecovery(tx, begun);
    const documentHash = recoveryDocumentHash(document);
    const event = { event: 'recovery', customer, intentHash: hash, documentHash, startedAtMs } as const;
    await recordLockEvent(parts, tx, event, 'startLockRecovery', parts.clock.nowMs());
    return begun;
  });
  await tellWitness(parts);
  return waitingAnswer(recovery);
}

/**
 * Stops a recovery at the word of any credential of the customer, the old lock included. `subject` of the statement is
 * the intent's hash. May be repeated after a lost answer. @throws SignerError `recovery_not_waiting`, `statement_…`; IntentError `statement_…`, `signature_…`.
 */
export async function cancelLockRecovery(
  parts: SignerParts,
  { statement }: SignerParameters<'cancelLockRecovery'>,
): Promise<SignerAnswer<'cancelLockRecovery'>> {
  const { customer, subject } = statement.statement;
  await exclusively(parts.pool, async (tx) => {
    const recovery = await waitingRecovery(tx, customer);
    if (recovery?.intentHash !== subject) {
      const ended = await recoveryByIntent(tx, subject);
      if (ended?.outcome === 'cancelled' && (await wasAccepted(tx, statement))) return;
      throw notWaiting();
    }
    const expected = { purpose: 'cancel recovery', customer, subject } as const;
    await acceptStatement(parts, tx, statement, expected, 'cancelLockRecovery');
    await endWaitingRecovery(parts, tx, customer, 'cancelled', 'cancelLockRecovery', parts.clock.nowMs());
  });
  await tellWitness(parts);
  return {};
}

function notWaiting(): SignerError {
  return new SignerError('recovery_not_waiting', 'No such way back is waited for.');
}

async function takePlace(parts: SignerParts, tx: PoolClient, recovery: LockRecovery): Promise<PinnedLock> {
  const { customer, lost, registration } = recovery.document.intent.body;
  const method = 'completeLockRecovery';
  const atMs = parts.clock.nowMs();
  const old = (await locksOf(tx, customer)).find(({ id }) => id === lost);
  if (old?.live === true) await endLock(parts, tx, old, 'recovered', method, atMs);
  const { id, signing } = registration.statement;
  const credential = { id, publicKey: { algorithm: 'rsa-pss-sha256', spki: signing } } as const;
  await addCredential(tx, customer, credential, atMs);
  await appendEntry(tx, parts.identity, { kind: 'credential', subject: { customer, credential }, atMs });
  await endWaitingRecovery(parts, tx, customer, 'completed', method, atMs);
  return pinLock(parts, tx, registration, method, atMs);
}

/**
 * Puts the new lock in its place when 14 days have passed by this signer's own clock and its own, undamaged record.
 * @throws SignerError `recovery_not_waiting`, `recovery_not_due`, `record_damaged`, `signer_sealed`.
 */
export async function completeLockRecovery(
  parts: SignerParts,
  { intentHash: hash }: SignerParameters<'completeLockRecovery'>,
): Promise<SignerAnswer<'completeLockRecovery'>> {
  await requireInStep(parts);
  const damage = await recordDamage(parts.pool, parts.identity);
  if (damage !== undefined) {
    throw new SignerError('record_damaged', 'The record was tampered with: nothing is decided by it.', {
      internal: damage,
    });
  }
  const lock = await exclusively(parts.pool, async (tx) => {
    const recovery = await recoveryByIntent(tx, hash);
    if (recovery?.outcome === 'completed') {
      const { id } = recovery.document.intent.body.registration.statement;
      return (await locksOf(tx, recovery.customer)).find((entry) => entry.id === id);
    }
    if (recovery === undefined || recovery.outcome !== null) throw notWaiting();
    if ((await revokedAmong(tx, [hash])).length > 0) refuse('the intent is revoked');
    const readyAtMs = recovery.startedAtMs + RECOVERY_WAIT_MS;
    if (parts.clock.nowMs() < readyAtMs) {
      throw new SignerError('recovery_not_due', 'The 14 days are not over.', {
        details: { readyAt: isoTime(readyAtMs) },
      });
    }
    return takePlace(parts, tx, recovery);
  });
  await tellWitness(parts);
  if (lock === undefined) throw notWaiting();
  return lockAnswer(parts, lock);
}
