import { credentialPinDigest, IntentError, verifySignature, type CredentialPin } from '../intents/index.ts';
import { addAlert } from './alert-store.ts';
import { SignerError } from './errors.ts';
import { requireInStep, tellWitness } from './in-step.ts';
import { appendEntry } from './journal.ts';
import type { SignerAnswer } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import { addCredential, credentialExists, credentialsOf, everHadCredential } from './wallet-store.ts';

/** A pin that somebody kept for later is not taken. */
const MAX_AGE_MS = 24 * 3_600_000;
const CLOCK_TOLERANCE_MS = 5 * 60_000;

async function checkPin(
  parts: SignerParts,
  { statement, signature }: CredentialPin,
  pinned: Awaited<ReturnType<typeof credentialsOf>>,
  isFirst: boolean,
): Promise<void> {
  if (statement.network !== parts.network) {
    throw new SignerError('network_differs', `This signer works on ${parts.network}.`);
  }
  const age = parts.clock.nowMs() - Date.parse(statement.signedAt);
  if (age > MAX_AGE_MS || age < -CLOCK_TOLERANCE_MS) {
    throw new IntentError('approval_out_of_time', 'The pin was not signed within the last day.');
  }
  const first = isFirst && statement.signedBy === statement.credential.id;
  const signer = first ? statement.credential.publicKey : pinned.get(statement.signedBy);
  if (signer === undefined) {
    throw new SignerError('credential_unknown', 'The pin is not signed with a credential pinned here.', {
      details: { customer: statement.customer, signedBy: statement.signedBy },
    });
  }
  await verifySignature(signer, credentialPinDigest(statement), signature);
}

/**
 * Pins a further credential of a customer, at the word of one that is pinned; the first one at its own.
 * @throws SignerError `credential_unknown`, `credentials_differ`, `network_differs`, `signer_sealed`; IntentError
 * `approval_out_of_time`, `signature_…`.
 */
export async function pinCredential(
  parts: SignerParts,
  pin: CredentialPin,
): Promise<SignerAnswer<'pinCredential'>> {
  const { customer, credential, signedBy } = pin.statement;
  await requireInStep(parts);
  const credentials = await exclusively(parts.pool, async (tx) => {
    const pinned = await credentialsOf(tx, customer);
    await checkPin(parts, pin, pinned, !(await everHadCredential(tx, customer)));
    const same = pinned.get(credential.id);
    if (same !== undefined && JSON.stringify(same) === JSON.stringify(credential.publicKey)) {
      return [...pinned.keys()];
    }
    if (await credentialExists(tx, credential.id)) {
      throw new SignerError('credentials_differ', 'This id is pinned with another key or customer.', {
        details: { customer, credential: credential.id },
      });
    }
    const atMs = parts.clock.nowMs();
    await addCredential(tx, customer, credential, atMs);
    const subject = { customer, credential, signedBy };
    await appendEntry(tx, parts.identity, { kind: 'credential', subject, atMs });
    await addAlert(tx, {
      atMs,
      kind: 'credential',
      method: 'pinCredential',
      text: `Pinned a credential of ${customer}.`,
      details: { customer, credential: credential.id, signedBy },
    });
    return [...pinned.keys(), credential.id];
  });
  await tellWitness(parts);
  return { credentials };
}
