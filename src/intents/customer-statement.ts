import { IntentError } from './errors.ts';
import { CLOCK_TOLERANCE_MS } from './intent.ts';
import {
  customerStatementSchema,
  LOCK_PURPOSES,
  type CustomerPurpose,
  type CustomerStatement,
} from './master-lock-contract.ts';
import type { PublicKey } from './signature-contract.ts';
import { hashStatement } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const STATEMENT_TAG = 'trilock/customer-statement/1';

/** A statement is made for the moment; a file may travel for a day from a machine without a network. */
const MAX_LIFETIME_MS = 24 * 3_600_000;

/** What the customer signs: 32 bytes. It also names the statement where accepted ones are remembered. */
export function customerStatementDigest(statement: CustomerStatement['statement']): Uint8Array {
  return hashStatement(STATEMENT_TAG, statement);
}

/** @throws IntentError `statement_malformed`. */
export function parseCustomerStatement(value: unknown): CustomerStatement {
  const parsed = customerStatementSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new IntentError('statement_malformed', 'This is not the statement of a customer.', {
    details: {
      path: parsed.error.issues[0]?.path.join('.') ?? '',
      reason: parsed.error.issues[0]?.message ?? '',
    },
  });
}

/** Whether nobody but the master lock may say this. */
export function needsMasterLock(purpose: CustomerPurpose): boolean {
  return (LOCK_PURPOSES as readonly string[]).includes(purpose);
}

/** What a statement must be for, to be accepted here. */
export interface StatementExpectation {
  readonly purpose: CustomerPurpose;
  readonly network: CustomerStatement['statement']['network'];
  readonly customer: string;
  readonly subject: string;
}

/**
 * Checks a statement: for this and nothing else, current, and signed with the key that the caller has pinned for the
 * credential that it names. Whoever accepts it also remembers it, so that it is accepted once.
 * @throws IntentError `statement_for_another_purpose`, `statement_out_of_time`, `signature_…`.
 */
export async function verifyCustomerStatement(
  { statement, signature }: CustomerStatement,
  expected: StatementExpectation,
  key: PublicKey,
  nowMs: number,
): Promise<void> {
  const wrong = (['purpose', 'network', 'customer', 'subject'] as const).find(
    (field) => statement[field] !== expected[field],
  );
  if (wrong !== undefined) {
    throw new IntentError('statement_for_another_purpose', 'The statement is for something else.', {
      details: { differs: wrong, expected: expected[wrong], found: statement[wrong] },
    });
  }
  const issuedAt = Date.parse(statement.issuedAt);
  const expiresAt = Date.parse(statement.expiresAt);
  const lifetime = expiresAt - issuedAt;
  if (
    lifetime <= 0 ||
    lifetime > MAX_LIFETIME_MS ||
    nowMs >= expiresAt ||
    issuedAt > nowMs + CLOCK_TOLERANCE_MS
  ) {
    throw new IntentError('statement_out_of_time', 'The statement has expired, or is from the future.', {
      details: { issuedAt: statement.issuedAt, expiresAt: statement.expiresAt },
    });
  }
  await verifySignature(key, customerStatementDigest(statement), signature);
}
