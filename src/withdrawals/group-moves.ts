import type { DatabaseTransaction } from '../database/index.ts';
import { isSettled } from '../approvals/index.ts';
import { crashPoint, idToUuid } from '../shared/index.ts';
import { WithdrawalBooks } from './ledger-books.ts';
import { releasePayout } from './payout-store.ts';
import { WORKER, type Group, type Member, type StepParts } from './withdrawal-parts.ts';
import { moveWithdrawal, type Move } from './withdrawal-store.ts';
import type { WithdrawalCommand, WithdrawalFacts } from './withdrawal.ts';

/** What a command may depend on, as the group stands. */
export function factsOf(
  { payout }: Pick<Group, 'payout'>,
  { withdrawal, stored }: Member,
  nowMs: number,
): WithdrawalFacts {
  return {
    intent: stored.state,
    signerAsked: payout !== null && payout.signerAskedAt !== null,
    revoked: false,
    cooled: withdrawal.coolUntil === null || withdrawal.coolUntil.getTime() <= nowMs,
  };
}

/** Every member of the group takes the same step. */
export async function moveAll(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group,
  command: WithdrawalCommand,
  details: Partial<Omit<Move, 'command' | 'by'>> & {
    readonly changeOf?: (member: Member) => Move['change'];
  } = {},
): Promise<void> {
  const { changeOf, change, facts, ...rest } = details;
  for (const member of group.members) {
    await moveWithdrawal(
      tx,
      member.withdrawal,
      {
        command,
        facts: facts ?? factsOf(group, member, parts.clock.nowMs()),
        by: WORKER,
        change: { intentVersion: member.stored.version, ...change, ...changeOf?.(member) },
        ...rest,
      },
      parts.clock,
    );
  }
}

/** Nothing to do now: look again later, or when the intent changes. */
export async function waitFor(
  parts: StepParts,
  tx: DatabaseTransaction,
  { members }: Group,
  lookInMs: number | null,
): Promise<void> {
  const lookAt = lookInMs === null ? null : new Date(parts.clock.nowMs() + lookInMs);
  for (const { withdrawal, stored } of members) {
    await tx.withdrawal.updateMany({
      where: { id: idToUuid(withdrawal.id), version: withdrawal.version },
      data: { lookAt, intentVersion: stored.version, hindrance: null, failures: 0 },
    });
  }
}

/** Makes an approved withdrawal of each member again: the coins are free, and nothing was asked of the signer. */
export async function unbuild(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group,
  reason: string,
): Promise<void> {
  const { payout } = group;
  if (payout === null) return;
  await releasePayout(tx, payout, new Date(parts.clock.nowMs()));
  await parts.wallets.release(tx, payout.id);
  await moveAll(parts, tx, group, 'unbuild', { reason, change: { payoutId: null } });
}

/**
 * Ends the withdrawals of a group unpaid: the signer revokes what a cosigner may have signed, the coins are set
 * free, the hold is let go. @returns false when the signer has signed before: then they count as paid.
 */
export async function endUnpaid(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group,
  ending: { readonly command: 'reject' | 'cancel' | 'expire' | 'fail'; readonly reason: string },
): Promise<boolean> {
  const { payout, members } = group;
  const asked = payout !== null && payout.signerAskedAt !== null;
  for (const { withdrawal, stored } of members) {
    if (!asked && !withdrawal.presented) continue;
    const { signed } = await parts.cosigner.revoke(
      stored.hash,
      `The withdrawal has ended: ${ending.command}.`,
    );
    crashPoint('withdrawal.revoked');
    if (signed.length > 0) return false;
  }
  const books = new WithdrawalBooks(parts.ledger);
  for (const { withdrawal } of members) await books.release(withdrawal);
  crashPoint('withdrawal.hold_released');
  if (payout !== null) {
    await releasePayout(tx, payout, new Date(parts.clock.nowMs()));
    await parts.wallets.release(tx, payout.id);
  }
  for (const member of members) {
    const facts = { ...factsOf(group, member, parts.clock.nowMs()), revoked: true };
    const { command, reason } = ending;
    await moveWithdrawal(
      tx,
      member.withdrawal,
      { command, facts, by: WORKER, reason, change: { payoutId: null, endReason: reason } },
      parts.clock,
    );
    // What fails here is of no use in the queue.
    if (command === 'fail' && member.stored.state !== 'draft' && !isSettled(member.stored.state)) {
      await parts.queue.deny(tx, member.stored.id, WORKER, reason);
    }
  }
  return true;
}
