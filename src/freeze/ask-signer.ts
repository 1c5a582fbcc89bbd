import { isSuspicious, requireKind, type ApprovalQueue, type QueueActor } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { parseCustomerStatement, type IntentKind } from '../intents/index.ts';
import { describeError, isDomainError, type Clock, type IntentId } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import type { FreezingSigner } from './freeze-parts.ts';
import type { Breaker } from './breaker.ts';
import type { Restriction } from './restriction.ts';

const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };

interface AskingParts {
  readonly clock: Clock;
  readonly queue: Pick<ApprovalQueue, 'lock'>;
  readonly signer: FreezingSigner;
}

/** What no waiting changes: signatures, times, or what is named. */
const FINAL = /^(intent|request|approval|approvals|approver|signature|kind|restriction|limit|statement)_/;

/**
 * @returns why the signer will not, whatever we wait for; undefined when it has. What nothing honest explains operators
 * hear of.
 */
async function refusalOf(
  { clock }: Pick<AskingParts, 'clock'>,
  tx: DatabaseTransaction,
  subject: Restriction['id'],
  ask: () => Promise<void>,
): Promise<string | undefined> {
  try {
    await ask();
    return undefined;
  } catch (thrown) {
    if (!isDomainError(thrown) || !FINAL.test(thrown.code)) throw thrown;
    const { code, message: text } = thrown;
    const alert = { subject, code, during: 'restriction.step', text };
    if (isSuspicious(code)) await raiseAlert(tx, alert, WORKER, clock);
    return describeError(thrown);
  }
}

async function entitled<Kind extends IntentKind>(
  { queue }: Pick<AskingParts, 'queue'>,
  tx: DatabaseTransaction,
  id: IntentId,
  kind: Kind,
) {
  const { intent, request, approvals } = requireKind(await queue.lock(tx, id), kind);
  if (request === null) throw new RangeError('an executed intent is signed');
  return { intent, request, approvals };
}

/** Asks the signer to lift a restriction. @returns why it never will; undefined when it has. */
export function askToLift(
  parts: AskingParts,
  tx: DatabaseTransaction,
  { id, customer, releaseIntent, releaseStatement }: Restriction,
): Promise<string | undefined> {
  const statement =
    releaseStatement === null ? undefined : parseCustomerStatement(JSON.parse(releaseStatement));
  return refusalOf(parts, tx, id, async () => {
    if (releaseIntent !== null) {
      const release = await entitled(parts, tx, releaseIntent, 'release');
      const { body } = release.intent;
      // The signer lifts what the intent names, and says so again whenever it is asked again.
      if (body.restriction !== id || body.customer !== customer) {
        throw new FreezeError('restriction_damaged', 'What was approved lifts another restriction.', {
          details: { restriction: id, intent: releaseIntent },
        });
      }
      await parts.signer.release({ ...release, ...(statement === undefined ? {} : { statement }) });
    } else if (statement !== undefined) {
      await parts.signer.unlock({ restriction: id, statement });
    } else throw new RangeError('a release has an intent or a statement');
  });
}

/** Tells the signer of a restriction. @returns why it never takes it, which only what needs an order is told. */
export function askToRestrict(
  { signer, queue, clock }: AskingParts,
  tx: DatabaseTransaction,
  it: Restriction,
): Promise<string | undefined> {
  const { id: restriction, orderedBy } = it;
  return refusalOf({ clock }, tx, restriction, async () => {
    if (orderedBy === null) await signer.restrict(it);
    else if ('intent' in orderedBy) {
      const order = await entitled({ queue }, tx, orderedBy.intent, 'deep_freeze');
      await signer.deepFreeze({ restriction, order });
    } else {
      const statement = parseCustomerStatement(JSON.parse(orderedBy.statement));
      await signer.deepFreeze({ restriction, order: { statement } });
    }
  });
}

/** Asks the signer to sign again. @returns why it never will by this intent; undefined when it does. */
export function askToReset(
  parts: AskingParts,
  tx: DatabaseTransaction,
  { id, resetIntent }: Breaker,
): Promise<string | undefined> {
  return refusalOf(parts, tx, id, async () => {
    if (resetIntent === null) throw new RangeError('a reset has an intent');
    const reset = await entitled(parts, tx, resetIntent, 'breaker_reset');
    if (reset.intent.body.breaker !== id) {
      throw new FreezeError('restriction_damaged', 'What was approved resets another breaker.', {
        details: { breaker: id, intent: resetIntent },
      });
    }
    await parts.signer.resetBreaker(reset);
  });
}
