import { requireKind, type ApprovalQueue } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { parseCustomerStatement, type IntentKind } from '../intents/index.ts';
import { describeError, isDomainError, type IntentId } from '../shared/index.ts';
import type { FreezingSigner } from './freeze-parts.ts';
import type { Restriction } from './restriction.ts';

interface AskingParts {
  readonly queue: Pick<ApprovalQueue, 'lock'>;
  readonly signer: FreezingSigner;
}

/** What no waiting changes: signatures, times, or what is named. */
const FINAL = /^(intent|request|approval|approvals|approver|signature|kind|restriction|limit|statement)_/;

/** @returns why the signer will not, whatever we wait for; undefined when it has. */
async function refusalOf(ask: () => Promise<void>): Promise<string | undefined> {
  try {
    await ask();
    return undefined;
  } catch (thrown) {
    if (isDomainError(thrown) && FINAL.test(thrown.code)) return describeError(thrown);
    throw thrown;
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
  { id, releaseIntent, releaseStatement }: Restriction,
): Promise<string | undefined> {
  const statement =
    releaseStatement === null ? undefined : parseCustomerStatement(JSON.parse(releaseStatement));
  return refusalOf(async () => {
    if (releaseIntent !== null) {
      const release = await entitled(parts, tx, releaseIntent, 'release');
      await parts.signer.release({ ...release, ...(statement === undefined ? {} : { statement }) });
    } else if (statement !== undefined) {
      await parts.signer.unlock({ restriction: id, statement });
    } else throw new RangeError('a release has an intent or a statement');
  });
}

/** Tells the signer of a restriction. @returns why it never takes it, which only what needs an order is told. */
export function askToRestrict(
  { signer, queue }: AskingParts,
  tx: DatabaseTransaction,
  it: Restriction,
): Promise<string | undefined> {
  const { id: restriction, orderedBy } = it;
  return refusalOf(async () => {
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
