import {
  customerStatementDigest,
  hex,
  needsMasterLock,
  verifyCustomerStatement,
  type CustomerStatement,
  type PublicKey,
  type StatementExpectation,
} from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { SignerError } from './errors.ts';
import { recordLockEvent } from './lock-record.ts';
import { addStatement, knowsStatement, locksOf } from './master-lock-store.ts';
import type { SignerMethod } from './signer-contract.ts';
import type { SignerParts } from './signer-parts.ts';
import { credentialsOf } from './wallet-store.ts';

/** The key that may make a statement: the master lock in force, or, where that is enough, any credential. */
async function keyFor(tx: PoolClient, { statement }: CustomerStatement): Promise<PublicKey> {
  const { customer, credential, purpose } = statement;
  const key = (await credentialsOf(tx, customer)).get(credential);
  const isLock = (await locksOf(tx, customer)).some(({ id, live }) => live && id === credential);
  if (key === undefined || (needsMasterLock(purpose) && !isLock)) {
    throw new SignerError(
      'statement_not_by_lock',
      'The statement is not made with the customer’s master lock.',
      {
        details: { customer, credential, purpose },
      },
    );
  }
  return key;
}

/** Whether just these words were accepted before: the answer to them may have been lost. */
export async function wasAccepted(tx: PoolClient, { statement }: CustomerStatement): Promise<boolean> {
  return knowsStatement(tx, hex(customerStatementDigest(statement)));
}

/**
 * Accepts a customer's statement for one purpose, once: by this signer's own record of keys and of what was accepted
 * before. Whatever lifts a lock at the customer's word calls it, in the transaction in which it acts.
 * @throws SignerError `statement_not_by_lock`, `statement_used`; IntentError `statement_…`, `signature_…`.
 */
export async function acceptStatement(
  parts: SignerParts,
  tx: PoolClient,
  statement: CustomerStatement,
  expected: Omit<StatementExpectation, 'network'>,
  method: SignerMethod,
): Promise<void> {
  const atMs = parts.clock.nowMs();
  const key = await keyFor(tx, statement);
  await verifyCustomerStatement(statement, { ...expected, network: parts.network }, key, atMs);
  const hash = hex(customerStatementDigest(statement.statement));
  const { customer, purpose } = expected;
  if (!(await addStatement(tx, { hash, customer, purpose }, atMs))) {
    throw new SignerError('statement_used', 'This statement was accepted before; each is good for once.', {
      details: { customer, purpose },
    });
  }
  await recordLockEvent(parts, tx, { event: 'statement', customer, hash, purpose }, method, atMs);
}
