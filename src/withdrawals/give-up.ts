import { BitcoinError } from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { isSuspicious } from '../approvals/index.ts';
import { raiseAlert } from '../events/index.ts';
import { IntentError } from '../intents/index.ts';
import { describeError, isDomainError, type WithdrawalId } from '../shared/index.ts';
import { endUnpaid } from './group-moves.ts';
import { takeApart } from './take-apart.ts';
import { WORKER, type Group, type StepParts } from './withdrawal-parts.ts';
import type { WithdrawalState } from './withdrawal.ts';

/** What may be otherwise later: others are away, fees fall, coins become free. */
const PASSING =
  /^(manifest|wire|witness|signer|ledger|node)_|^(insufficient_funds|fee_out_of_limits|fee_rate_out_of_limits|unconfirmed_chain_too_long|coin_unavailable|daily_limit_exceeded)$/;

const GIVEN_UP_CODE = 'transaction_abandoned';

/** What signer or check says that no waiting will change: about the intent, its approvals, or the bytes. */
export function isFinal(thrown: unknown): boolean {
  if (!isDomainError(thrown) || thrown.retryable) return false;
  const { code } = thrown;
  if (PASSING.test(code)) return false;
  if (thrown instanceof IntentError || thrown instanceof BitcoinError) return true;
  return (
    code === GIVEN_UP_CODE ||
    /^(intent|approval|approver|approvals|bundle|request|signature|payments|credential)_/.test(code)
  );
}

/** Operators hear of what neither haste nor the chain explains. */
export async function alarm(
  { clock }: StepParts,
  tx: DatabaseTransaction,
  subject: WithdrawalId,
  thrown: unknown,
): Promise<void> {
  if (!isDomainError(thrown) || !isSuspicious(thrown.code)) return;
  const { code, message: text } = thrown;
  await raiseAlert(tx, { subject, code, during: 'withdrawal.step', text }, WORKER, clock);
}

const MAY_END: readonly WithdrawalState[] = ['approved', 'built', 'awaiting_cosigner'];

/**
 * What a refusal means that no waiting changes: a withdrawal that cannot be paid ends, and several that share a
 * payout are taken apart, unless the signer has signed. @returns false when they wait for a while.
 */
export async function giveUp(
  parts: StepParts,
  tx: DatabaseTransaction,
  { payout, members }: Group,
  thrown: unknown,
): Promise<boolean> {
  if (!isFinal(thrown) || !members.every(({ withdrawal }) => MAY_END.includes(withdrawal.state)))
    return false;
  // Time ends it, not this: the queue lets it expire, and says so. What is being signed does not expire there.
  const isAsked = payout !== null && payout.signerAskedAt !== null;
  if (!isAsked && isDomainError(thrown) && thrown.code === 'intent_expired') return false;
  // One that was given up before a crash is only built anew.
  const isGivenUp = isDomainError(thrown) && thrown.code === GIVEN_UP_CODE;
  if (payout !== null && (members.length > 1 || isGivenUp)) {
    return await takeApart(parts, tx, { payout, members }, thrown);
  }
  const ended = await endUnpaid(
    parts,
    tx,
    { payout, members },
    { command: 'fail', reason: describeError(thrown) },
  );
  if (ended) await alarm(parts, tx, members[0].withdrawal.id, thrown);
  return ended;
}
