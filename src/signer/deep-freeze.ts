import { customerStatementDigest, hex, IntentError, intentHash } from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { isoTime } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { acceptStatement } from './customer-statement.ts';
import { addDeepFreeze, noteDeepFreeze, orderOf, walletsToErase } from './deep-freeze-store.ts';
import { requireEntitledStaff } from './entitled-staff.ts';
import { SignerError } from './errors.ts';
import { tellWitness } from './in-step.ts';
import { recordRestriction } from './restrict-customer.ts';
import { knownRestriction } from './restriction-store.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';

type Order = SignerParameters<'deepFreeze'>;

/** What the order says of itself: who is frozen, by whom, and the hash of the signed words. */
function namesOf({ restriction, order }: Order) {
  if ('statement' in order) {
    const { customer } = order.statement.statement;
    const orderedBy = hex(customerStatementDigest(order.statement.statement));
    return { restriction, customer, openedBy: customer, orderedBy };
  }
  const { body, requester: openedBy } = order.intent;
  if (body.restriction !== restriction) {
    throw new IntentError('intent_malformed', 'The intent is for another restriction.', {
      details: { restriction: body.restriction },
    });
  }
  return { restriction, customer: body.customer, openedBy, orderedBy: intentHash(order.intent) };
}

/** By the customer's master lock, or by the quorum that the manifest asks for. */
async function requireOrder(parts: SignerParts, tx: PoolClient, order: Order['order']): Promise<void> {
  if ('statement' in order) {
    const { customer } = order.statement.statement;
    const expected = { purpose: 'deep freeze', customer, subject: customer } as const;
    await acceptStatement(parts, tx, order.statement, expected, 'deepFreeze');
    return;
  }
  await requireEntitledStaff(parts, tx, order);
}

/** Empties every slot that must be empty. At each start too: a crash may have come between the order and this. */
export async function eraseFrozenKeys(parts: SignerParts): Promise<void> {
  for (const wallet of await walletsToErase(parts.pool)) await parts.keys.erase(wallet);
}

/**
 * Takes the platform keys of all wallets of a customer off this machine, for good: when it answers, the slots are
 * erased. Works sealed or not. May be repeated after a lost answer.
 * @throws SignerError `restriction_differs`, `statement_…`, `manifest_missing`, `approval_before_resume`; IntentError
 * of the statement, or of the intent and its signatures.
 */
export async function deepFreeze(parts: SignerParts, asked: Order): Promise<SignerAnswer<'deepFreeze'>> {
  const { restriction, customer, openedBy, orderedBy } = namesOf(asked);
  const restrictedAtMs = await exclusively(parts.pool, async (tx) => {
    const earlier = await orderOf(tx, restriction);
    if (earlier === orderedBy) return (await knownRestriction(tx, restriction))?.restrictedAtMs ?? 0;
    if (earlier !== undefined) {
      throw new SignerError('restriction_differs', 'It was ordered by another word.', {
        details: { restriction },
      });
    }
    await requireOrder(parts, tx, asked.order);
    const it = { id: restriction, customer, kind: 'deep_freeze', openedBy } as const;
    // Told of before, it stands already, and becomes what was ordered.
    const atMs = await recordRestriction(parts, tx, it, 'deepFreeze');
    await addDeepFreeze(tx, { restriction, orderedBy, document: asked.order });
    await noteDeepFreeze(parts, tx, { event: 'ordered', restriction, orderedBy }, parts.clock.nowMs());
    const text = `Erases the platform keys of ${customer}.`;
    const details = { restriction, openedBy };
    await addAlert(tx, {
      atMs: parts.clock.nowMs(),
      kind: 'deep_freeze',
      method: 'deepFreeze',
      text,
      details,
    });
    return atMs;
  });
  await eraseFrozenKeys(parts);
  await tellWitness(parts);
  return { restrictedAt: isoTime(restrictedAtMs) };
}
