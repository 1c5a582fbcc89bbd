import { join } from 'node:path';
import { z } from 'zod';
import {
  approvalSchema,
  customerStatementDigest,
  customerStatementSchema,
  intentHash,
  masterLockDigest,
  masterLockRecoveryIntentSchema,
  masterLockRegistrationSchema,
  requestSignatureSchema,
  verifyMasterLock,
  verifySignature,
  verifyStaffRequest,
  type CustomerStatement,
  type Manifest,
  type MasterLockRegistration,
  type PublicKey,
} from '../intents/index.ts';
import { isIdOf, systemClock } from '../shared/index.ts';
import { makeDirectory, namesIn, readDocument, readDocumentIfThere, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import { acceptedManifests, manifestInForce } from './manifests.ts';
import type { Station } from './station.ts';

/** The wait that the signer keeps; whoever loads the document at a station waits as long. */
const RECOVERY_WAIT_MS = 14 * 24 * 3_600_000;

/** The way back to a lost lock, as the approval queue has it: what officers signed, and more that is not looked at. */
const recoverySchema = z.object({
  intent: masterLockRecoveryIntentSchema,
  request: requestSignatureSchema,
  approvals: z.array(approvalSchema).max(30),
});
type Recovery = z.infer<typeof recoverySchema>;

const changeSchema = z.discriminatedUnion('change', [
  z.strictObject({ change: z.literal('revoked'), statement: customerStatementSchema }),
  z.strictObject({ change: z.literal('replaced'), registration: masterLockRegistrationSchema }),
  z.strictObject({ change: z.literal('recovered'), document: recoverySchema, manifest: z.int().min(1) }),
]);
type Change = z.infer<typeof changeSchema>;

const folderOf = (station: Station, customer: string): string =>
  join(station.directory, 'customers', customer, 'lock-changes');

/** The lock's own word that it ends. When it was said does not matter: it ends for good. */
async function verifyRevocation({ statement, signature }: CustomerStatement, key: PublicKey): Promise<void> {
  await verifySignature(key, customerStatementDigest(statement), signature);
}

/** The lock before has signed for the new one in its place. */
async function verifyReplacement(registration: MasterLockRegistration, previous: PublicKey): Promise<void> {
  await verifyMasterLock(registration, registration.statement.network, previous);
}

/** The officers' quorum gave it back, and the 14 days are over. */
async function verifyRecovery({ intent, request, approvals }: Recovery, manifest: Manifest): Promise<void> {
  const nowMs = systemClock.nowMs();
  await verifyStaffRequest({ intent, request, approvals }, manifest, nowMs);
  const { registration } = intent.body;
  const { signing, decryption } = registration.possession;
  const digest = masterLockDigest(registration.statement);
  const half = (spki: string) => ({ algorithm: 'rsa-pss-sha256', spki }) as const;
  const signed = (signature: string) => ({ algorithm: 'rsa-pss-sha256', signature }) as const;
  await verifySignature(half(registration.statement.signing), digest, signed(signing));
  await verifySignature(half(registration.statement.decryption), digest, signed(decryption));
  const approvedAt = Math.max(...approvals.map(({ statement }) => Date.parse(statement.signedAt)));
  if (nowMs >= approvedAt + RECOVERY_WAIT_MS) return;
  throw new StationError('recovery_not_due', 'The 14 days after the officers’ approval are not over.', {
    details: { intent: intentHash(intent) },
  });
}

async function changesOf(station: Station, customer: string): Promise<readonly Change[]> {
  if (!isIdOf('customer', customer)) return [];
  const changes: Change[] = [];
  for (const name of await namesIn(folderOf(station, customer))) {
    const parsed = changeSchema.safeParse(await readDocument(join(folderOf(station, customer), name)));
    if (!parsed.success) {
      throw new StationError('station_damaged', 'The record of a changed lock is damaged.', {
        details: { name },
      });
    }
    changes.push(parsed.data);
  }
  return changes;
}

/** The locks that officers gave back, by what is recorded here; each is checked anew. @throws StationError; IntentError. */
export async function recoveredCredentials(
  station: Station,
  customer: string,
): Promise<Map<string, PublicKey>> {
  const recovered = new Map<string, PublicKey>();
  const manifests = await acceptedManifests(station);
  for (const change of await changesOf(station, customer)) {
    if (change.change !== 'recovered') continue;
    const manifest = manifests.find(({ number }) => number === change.manifest);
    const { body } = change.document.intent;
    if (manifest === undefined || body.customer !== customer) continue;
    await verifyRecovery(change.document, manifest);
    const { id, signing } = body.registration.statement;
    recovered.set(id, { algorithm: 'rsa-pss-sha256', spki: signing });
  }
  return recovered;
}

/** Credentials without those that have ended by what is recorded here; a record that is not signed ends nothing. */
export async function withoutEnded(
  station: Station,
  customer: string,
  known: ReadonlyMap<string, PublicKey>,
): Promise<ReadonlyMap<string, PublicKey>> {
  const left = new Map(known);
  for (const change of await changesOf(station, customer)) left.delete(endedBy(change));
  return left;
}

function endedBy(change: Change): string {
  if (change.change === 'revoked') return change.statement.statement.credential;
  if (change.change === 'replaced') return change.registration.statement.replaces ?? '';
  return change.document.intent.body.lost;
}

function malformed(reason: string): StationError {
  return new StationError('document_malformed', 'This does not end or give back a master lock.', {
    details: { reason },
  });
}

function wordOf(value: unknown): Change {
  const revoked = customerStatementSchema.safeParse(value);
  if (revoked.success) return { change: 'revoked', statement: revoked.data };
  const ended = z.object({ revocation: customerStatementSchema }).safeParse(value);
  if (ended.success) return { change: 'revoked', statement: ended.data.revocation };
  const wrapped = z.object({ registration: masterLockRegistrationSchema }).safeParse(value);
  if (wrapped.success) return { change: 'replaced', registration: wrapped.data.registration };
  const recovery = recoverySchema.safeParse(value);
  if (recovery.success) return { change: 'recovered', document: recovery.data, manifest: 1 };
  throw malformed('it is another document');
}

function customerOf(change: Change): string {
  if (change.change === 'revoked') return change.statement.statement.customer;
  if (change.change === 'replaced') return change.registration.statement.customer;
  return change.document.intent.body.customer;
}

async function verifyChange(
  station: Station,
  change: Change,
  known: ReadonlyMap<string, PublicKey>,
): Promise<Change> {
  if (change.change === 'recovered') {
    const manifest = await manifestInForce(station);
    if (change.document.intent.network !== station.network) throw malformed('another network');
    await verifyRecovery(change.document, manifest);
    return { ...change, manifest: manifest.number };
  }
  const key = known.get(endedBy(change));
  if (key === undefined) {
    throw new StationError('credential_unknown', 'The lock that ends is not known here.', {
      details: { credential: endedBy(change) },
    });
  }
  if (change.change === 'revoked') {
    const { purpose, subject, credential, network } = change.statement.statement;
    const isOwn = purpose === 'revoke master lock' && subject === credential && network === station.network;
    if (!isOwn) throw malformed('another statement');
    await verifyRevocation(change.statement, key);
  } else {
    await verifyReplacement(change.registration, key);
  }
  return change;
}

/**
 * Takes the end of a master lock, from a file: its own word, the lock in its place that it signed for, or the way back
 * that the officers' quorum approved 14 days ago. `known` are the customer's credentials, those that ended too.
 * @returns what ended, and for whom. @throws StationError `document_malformed`, `credential_unknown`,
 * `recovery_not_due`; IntentError `signature_…`, `approvals_insufficient`, `approver_unknown`.
 */
export async function takeLockChange(
  station: Station,
  value: unknown,
  known: (customer: string) => Promise<ReadonlyMap<string, PublicKey>>,
): Promise<{ readonly customer: string; readonly ended: string; readonly change: Change['change'] }> {
  const word = wordOf(value);
  const customer = customerOf(word);
  const change = await verifyChange(station, word, await known(customer));
  const ended = endedBy(change);
  await makeDirectory(folderOf(station, customer));
  const path = join(folderOf(station, customer), `${ended}.json`);
  if ((await readDocumentIfThere(path)) === undefined) await writeDocument(path, change);
  return { customer, ended, change: change.change };
}
