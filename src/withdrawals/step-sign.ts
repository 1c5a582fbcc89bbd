import { completeSpend, parsePsbtBase64 } from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { crashPoint } from '../shared/index.ts';
import { bundleOf, checkBundle, expectationOf, requireOwnTransaction, sourceOf } from './bundle.ts';
import { WithdrawalError } from './errors.ts';
import { keptEvidence } from './withdrawal-evidence.ts';
import { raiseStuck } from './fee-variants.ts';
import { moveAll, unbuild, waitFor } from './group-moves.ts';
import { requirePair, signFirst } from './sign-first.ts';
import { parentsStand } from './own-change.ts';
import { changePayout, changeTransaction, latestOf, parentOf, type Payout } from './payout-store.ts';
import { variantsOf } from './variant-store.ts';
import { WORKER, type Group, type StepParts } from './withdrawal-parts.ts';

/** An import of what a cosigner signed is noticed after so long at most. */
const COSIGNER_LOOK_MS = 30_000;

type PaidGroup = Group & { readonly payout: Payout };

/**
 * Lets the signer complete the latest transaction, checks what it answers, and stores the bytes. Repeating it after
 * a crash gives the same transaction, since the signer answers the same and signatures are deterministic.
 * @throws WithdrawalError `signer_answer_wrong`; what the signer refuses.
 */
export async function completeLatest(
  parts: StepParts,
  tx: DatabaseTransaction,
  { payout, members }: PaidGroup,
): Promise<string> {
  const latest = latestOf(payout);
  const wallet = await sourceOf(parts, tx, payout.walletId, members);
  const manifest = await parts.trust.manifest();
  const nowMs = parts.clock.nowMs();
  const parent = parentOf(payout, latest);
  const whole = { psbt: latest.cosigned ?? '', parent };
  const bundle = await bundleOf(tx, wallet, members, whole, manifest, nowMs);
  const { cosigner } = parts;
  const answer =
    wallet.plan === 'treasury_hot'
      ? await requirePair(cosigner).complete(bundle)
      : await cosigner.sign(bundle);
  crashPoint('withdrawal.signer_answered');
  const intents = members.map(({ stored }) => stored.intent);
  const paying = expectationOf(wallet, intents, manifest);
  const completed = completeSpend(
    parsePsbtBase64(answer.psbt),
    parent === undefined ? paying : { ...paying, payments: [] },
  );
  if (completed.txid !== latest.txid || answer.txid !== latest.txid) {
    throw new WithdrawalError('signer_answer_wrong', 'The signer signed another transaction.', {
      details: { expected: latest.txid, signed: completed.txid },
    });
  }
  const evidence = keptEvidence(bundle, answer.receipt);
  await changeTransaction(tx, payout, latest.number, { transaction: completed.bytes, evidence });
  return completed.txid;
}

/** What is stored of the latest transaction is still what was approved, whoever wrote to the tables meanwhile. */
async function requireWhole(
  parts: StepParts,
  tx: DatabaseTransaction,
  { payout, members }: PaidGroup,
): Promise<void> {
  const wallet = await sourceOf(parts, tx, payout.walletId, members);
  const latest = latestOf(payout);
  const variants = variantsOf(payout, latest);
  for (const each of [latest, ...variants]) requireOwnTransaction(each);
  const manifest = await parts.trust.manifest();
  const whole = {
    psbt: latest.cosigned ?? latest.psbt,
    parent: parentOf(payout, latest),
    variants: variants.map(({ cosigned, psbt }) => cosigned ?? psbt),
  };
  const bundle = await bundleOf(tx, wallet, members, whole, manifest, parts.clock.nowMs());
  await checkBundle(parts, wallet, bundle);
}

/**
 * The signer is about to be asked: from here on nothing of it can be taken back by us. All is checked before, and not
 * afterwards: a signature that already exists must be fetched however late it is.
 */
async function ask(parts: StepParts, tx: DatabaseTransaction, group: PaidGroup): Promise<void> {
  await requireWhole(parts, tx, group);
  for (const { stored } of group.members) await parts.queue.execute(tx, stored.id, WORKER);
  await changePayout(tx, group.payout, { signerAskedAt: new Date(parts.clock.nowMs()) });
  await waitFor(parts, tx, group, 0);
  crashPoint('withdrawal.signer_due');
}

async function buildAnew(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: PaidGroup,
  reason: string,
): Promise<void> {
  if (await unbuild(parts, tx, group, reason)) return;
  throw new WithdrawalError('signer_answer_wrong', 'The signer has signed what it was never asked for.', {
    details: { txid: latestOf(group.payout).txid },
  });
}

/** `awaiting_cosigner` */
export async function stepAwaitingCosigner(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: PaidGroup,
): Promise<void> {
  const { payout } = group;
  if (payout.signerAskedAt !== null) {
    const txid = await completeLatest(parts, tx, group);
    await moveAll(parts, tx, group, 'sign', { data: { txid } });
    return;
  }
  const spendings = await parts.wallets.spendings(tx, payout.outpoints);
  if (spendings.length > 0) {
    await buildAnew(parts, tx, group, 'A coin of it is spent.');
    return;
  }
  if (!(await parentsStand(tx, payout))) {
    await buildAnew(parts, tx, group, 'Another payout, whose change it was to spend, is not what it was.');
    return;
  }
  if (await raiseStuck(parts, tx, payout)) return;
  if (latestOf(payout).cosigned !== null) {
    await ask(parts, tx, group);
    return;
  }
  if (payout.reservedUntil.getTime() <= parts.clock.nowMs()) {
    await buildAnew(parts, tx, group, 'Nobody has cosigned it in time.');
    return;
  }
  await requireWhole(parts, tx, group);
  if (await signFirst(parts, tx, group)) return;
  await waitFor(parts, tx, group, COSIGNER_LOOK_MS);
}
