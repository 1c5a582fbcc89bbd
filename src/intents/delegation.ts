import type { Delegation, DelegationStatement } from './delegation-contract.ts';
import { IntentError } from './errors.ts';
import type { Intent } from './intent-contract.ts';
import type { Approver, Manifest } from './manifest-contract.ts';
import { hashStatement, hex } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const DELEGATION_TAG = 'trilock/delegation/1';

/** A holiday, not a change of office: for more there is the next manifest. */
const MAX_DELEGATION_MS = 14 * 24 * 3_600_000;

/** The 32 bytes that the delegator signs. */
export function delegationDigest(statement: DelegationStatement): Uint8Array {
  return hashStatement(DELEGATION_TAG, statement);
}

/** What an approval names that is given under a delegation. */
export function delegationHash(statement: DelegationStatement): string {
  return hex(delegationDigest(statement));
}

function refuse(reason: string): never {
  throw new IntentError('delegation_refused', 'This delegation does not serve here.', {
    details: { reason },
  });
}

/**
 * Checks, by the manifest and nothing else, that somebody may approve an intent in the place of another.
 * @param signedAt When the approval was signed.
 * @returns the one in whose place it is. @throws IntentError `delegation_refused`, `signature_…`.
 */
export async function verifyDelegation(
  { statement, signature }: Delegation,
  delegate: Approver,
  intent: Intent,
  manifest: Manifest,
  signedAt: string,
): Promise<Approver> {
  const { delegator: id, role, kinds } = statement;
  const [fromMs, untilMs, atMs] = [statement.from, statement.until, signedAt].map((text) =>
    Date.parse(text),
  ) as [number, number, number];
  if (statement.delegate !== delegate.id) refuse('it is for somebody else');
  if (statement.network !== manifest.network) refuse('it is for another network');
  if (!kinds.some((kind) => kind === intent.kind)) refuse('it is not for this kind');
  if (untilMs <= fromMs || untilMs - fromMs > MAX_DELEGATION_MS) refuse('it lasts more than 14 days');
  if (atMs < fromMs || atMs >= untilMs) refuse('the approval was given outside its time');
  const delegator = manifest.approvers.find((entry) => entry.id === id && entry.role === role);
  if (delegator === undefined) refuse('the manifest names no such approver of this role');
  if (delegator.person === delegate.person) refuse('nobody approves in their own place');
  await verifySignature(delegator.key, delegationDigest(statement), signature);
  return delegator;
}
