import type { DatabaseTransaction } from '../database/index.ts';
import { isSettled } from '../approvals/index.ts';
import type { Abandonment } from '../intents/index.ts';
import { crashPoint, idToUuid } from '../shared/index.ts';
import { WithdrawalBooks } from './ledger-books.ts';
import { latestOf, releasePayout, type Payout } from './payout-store.ts';
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
    abandoned: false,
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

/** Whatever the cosigner may have signed of a payout, fee variants too. Undefined when the signer has signed one of them. */
async function giveUpAll(
  { cosigner }: StepParts,
  payout: Payout,
): Promise<readonly Abandonment[] | undefined> {
  const { transactions, variants } = payout;
  // The latest first: it is the only one that the signer may have been asked for.
  const txids = new Set([latestOf(payout), ...transactions, ...variants].map(({ txid }) => txid));
  const abandonments: Abandonment[] = [];
  for (const txid of txids) {
    const { abandonment } = await cosigner.abandon(txid, 'It is built anew.');
    if (abandonment === null) return undefined;
    abandonments.push(abandonment);
  }
  crashPoint('withdrawal.abandoned');
  return abandonments;
}

/**
 * Makes an approved withdrawal of each member again: the coins are free. What a cosigner may have signed the signer
 * gives up first, so that it is never complete, and says so to the station, which then signs another.
 * @param alone those that share no payout any more.
 * @returns false when the signer has signed it: then it counts as paid.
 */
export async function unbuild(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group & { readonly payout: Payout },
  reason: string,
  alone: readonly Member[] = [],
): Promise<boolean> {
  const { payout } = group;
  const isPresented = group.members.some(({ withdrawal }) => withdrawal.state !== 'built');
  const abandonments = isPresented ? await giveUpAll(parts, payout) : [];
  if (abandonments === undefined) return false;
  const nowMs = parts.clock.nowMs();
  await releasePayout(tx, payout, new Date(nowMs), abandonments);
  await parts.wallets.release(tx, payout.id);
  for (const member of group.members) {
    const { withdrawal } = member;
    const stored =
      member.stored.state === 'executed'
        ? await parts.queue.recall(tx, member.stored.id, WORKER)
        : member.stored;
    const facts = {
      ...factsOf(group, { withdrawal, stored }, nowMs),
      abandoned: abandonments.length > 0,
    };
    const change = {
      payoutId: null,
      intentVersion: stored.version,
      alone: withdrawal.alone || alone.includes(member),
    };
    await moveWithdrawal(
      tx,
      withdrawal,
      { command: 'unbuild', facts, by: WORKER, reason, change },
      parts.clock,
    );
  }
  crashPoint('withdrawal.unbuilt');
  return true;
}

/** The first of two signers has promised the coins when it signed: it takes the second's word that it is in vain. */
async function freeAtBoth(
  { wallets, cosigner }: StepParts,
  tx: DatabaseTransaction,
  payout: Payout,
): Promise<void> {
  const wallet = await wallets.wallet(tx, payout.walletId);
  if (wallet?.plan === 'treasury_hot') await cosigner.abandon(latestOf(payout).txid, 'It has ended unpaid.');
}

/**
 * Ends the withdrawals of a group unpaid: the signer revokes what a cosigner may have signed, the coins are set
 * free, the hold is let go. What fails is always revoked: nobody's word in the queue keeps it ended if this process
 * dies after the hold is gone. @returns false when the signer has signed before: then they count as paid.
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
    if (!asked && !withdrawal.presented && ending.command !== 'fail') continue;
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
    await freeAtBoth(parts, tx, payout);
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
