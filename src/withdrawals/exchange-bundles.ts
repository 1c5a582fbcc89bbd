import { parsePsbtBase64, transactionId } from '../bitcoin/index.ts';
import { appendAudit } from '../audit/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { findIntent, withAlarm, type QueueActor } from '../approvals/index.ts';
import { parseSigningBundle, type SigningBundle } from '../intents/index.ts';
import {
  crashPoint,
  idFromUuid,
  idToUuid,
  isDomainError,
  type CustomerId,
  type PayoutId,
} from '../shared/index.ts';
import { bundleOf, checkBundle, requireOwnTransaction, sourceOf } from './bundle.ts';
import { variantSignatures, withSignatures } from './cosigner-signature.ts';
import { WithdrawalError } from './errors.ts';
import { changeTransaction, latestOf, parentOf, readPayout, type Payout } from './payout-store.ts';
import { changeVariant, variantsOf } from './variant-store.ts';
import { withdrawalOf } from './withdrawal-store.ts';
import type { WalletsPort } from './ports.ts';
import type { Member, RequestParts } from './withdrawal-parts.ts';
import type { WithdrawalState } from './withdrawal.ts';

/** What is needed to hand bundles out and to take them back. */
export interface ExchangeParts extends Pick<RequestParts, 'database' | 'clock' | 'trust'> {
  readonly wallets: Pick<WalletsPort, 'wallet'>;
}

/** A bundle that waits for a cosigner. */
export interface AwaitedBundle {
  readonly payout: PayoutId;
  readonly txid: string;
  readonly bundle: SigningBundle;
}

async function membersOf(tx: DatabaseTransaction, payout: PayoutId): Promise<readonly Member[]> {
  const rows = await tx.withdrawal.findMany({
    where: { payoutId: idToUuid(payout) },
    orderBy: { id: 'asc' },
  });
  const members: Member[] = [];
  for (const row of rows) {
    const withdrawal = withdrawalOf(row);
    members.push({ withdrawal, stored: await findIntent(tx, withdrawal.intentId) });
  }
  return members;
}

async function awaitedBundle(
  parts: ExchangeParts,
  tx: DatabaseTransaction,
  payout: Payout,
  owner: CustomerId | undefined,
): Promise<AwaitedBundle | undefined> {
  const latest = latestOf(payout);
  const variants = variantsOf(payout, latest);
  for (const each of [latest, ...variants]) requireOwnTransaction(each);
  const { txid, psbt } = latest;
  const whole = { psbt, parent: parentOf(payout, latest), variants: variants.map((each) => each.psbt) };
  const members = await membersOf(tx, payout.id);
  const wallet = await sourceOf(parts, tx, payout.walletId, members);
  // What two signers spend waits for no station.
  if (wallet.plan === 'treasury_hot') return undefined;
  if (owner !== undefined && wallet.customer !== owner) return undefined;
  const manifest = await parts.trust.manifest();
  const bundle = await bundleOf(tx, wallet, members, whole, manifest, parts.clock.nowMs());
  await checkBundle(parts, wallet, bundle);
  return { payout: payout.id, txid, bundle };
}

export interface AwaitedOptions {
  /** Only payouts of this customer's wallets. */
  readonly owner?: CustomerId;
  /** Told of what cannot be handed out, which then keeps nothing else; without it, it is thrown. */
  readonly onDamaged?: (payout: PayoutId, thrown: unknown) => void;
}

/** States in which a transaction of a payout may wait for its cosigner: its first, or one with a higher fee. */
const COSIGNED_IN: readonly WithdrawalState[] = ['awaiting_cosigner', 'platform_signed', 'broadcast'];

/** What waits for the cosigner: for the station, everything; for a customer, what their own key may sign. */
export async function awaitedBundles(
  parts: ExchangeParts,
  { owner, onDamaged }: AwaitedOptions = {},
): Promise<readonly AwaitedBundle[]> {
  return await inTransaction(parts.database, async (tx) => {
    const waiting = { some: { state: { in: [...COSIGNED_IN] } } };
    const rows = await tx.payout.findMany({
      where: { releasedAt: null, transactions: { some: { cosigned: null } }, withdrawals: waiting },
      orderBy: { createdAt: 'asc' },
      select: { id: true },
    });
    const awaited: AwaitedBundle[] = [];
    for (const { id } of rows) {
      const payout = await readPayout(tx, idFromUuid('payout', id));
      if (latestOf(payout).cosigned !== null) continue;
      try {
        const found = await awaitedBundle(parts, tx, payout, owner);
        if (found !== undefined) awaited.push(found);
      } catch (thrown) {
        if (!isDomainError(thrown) || onDamaged === undefined) throw thrown;
        onDamaged(payout.id, thrown);
      }
    }
    return awaited;
  });
}

async function payoutOf(tx: DatabaseTransaction, txid: string, bundle: SigningBundle): Promise<Payout> {
  const row = await tx.payoutTransaction.findUnique({ where: { txid } });
  if (row === null)
    throw new WithdrawalError('bundle_unknown', 'This transaction is none that was built here.');
  await tx.$queryRaw`SELECT 1 FROM payout WHERE id = ${row.payoutId}::uuid FOR UPDATE`;
  const payout = await readPayout(tx, idFromUuid('payout', row.payoutId));
  if (payout.walletId !== bundle.wallet) {
    throw new WithdrawalError('bundle_unknown', 'The bundle names another wallet.');
  }
  return payout;
}

/**
 * Takes a bundle back from a cosigner. Of all that it says only new signatures are used: they are merged into our
 * own PSBT, with our own record of intent and approvals, and verified. The same bundle again changes nothing.
 * @param owner only payouts of this customer's wallets; others do not exist.
 * @throws IntentError `bundle_malformed`; BitcoinError for a PSBT or signature that is not right; WithdrawalError
 * `bundle_unknown`, `bundle_not_awaited`, `bundle_signature_missing`.
 */
export async function importBundle(
  parts: ExchangeParts,
  document: unknown,
  by: QueueActor,
  owner?: CustomerId,
): Promise<{ readonly payout: PayoutId; readonly txid: string }> {
  const offered = parseSigningBundle(document);
  const about = { subject: offered.wallet, during: 'payout.cosign' };
  return await withAlarm(parts, about, by, () => takeBack(parts, offered, by, owner));
}

async function takeBack(
  parts: ExchangeParts,
  offered: SigningBundle,
  by: QueueActor,
  owner: CustomerId | undefined,
): Promise<{ readonly payout: PayoutId; readonly txid: string }> {
  const theirs = parsePsbtBase64(offered.psbt);
  const txid = transactionId(theirs.transaction);
  return await inTransaction(parts.database, async (tx) => {
    const payout = await payoutOf(tx, txid, offered);
    const latest = latestOf(payout);
    const members = await membersOf(tx, payout.id);
    const wallet = await sourceOf(parts, tx, payout.walletId, members);
    if (owner !== undefined && wallet.customer !== owner) {
      throw new WithdrawalError('bundle_unknown', 'This transaction is none that was built here.');
    }
    const isTaken = payout.transactions.some((each) => each.txid === txid && each.cosigned !== null);
    if (isTaken) return { payout: payout.id, txid };
    const isAwaited = members.some(({ withdrawal }) => COSIGNED_IN.includes(withdrawal.state));
    if (latest.txid !== txid || !isAwaited || wallet.plan === 'treasury_hot') {
      throw new WithdrawalError('bundle_not_awaited', 'This bundle is not waited for any more.');
    }
    const cosigned = withSignatures(latest.psbt, theirs, wallet);
    const variants = variantSignatures(variantsOf(payout, latest), offered.variants ?? [], wallet);
    const manifest = await parts.trust.manifest();
    const signed = variants.map(([, psbt]) => psbt);
    const whole = { psbt: cosigned, parent: parentOf(payout, latest), variants: signed };
    await checkBundle(
      parts,
      wallet,
      await bundleOf(tx, wallet, members, whole, manifest, parts.clock.nowMs()),
    );
    await changeTransaction(tx, payout, latest.number, { cosigned });
    for (const [variant, psbt] of variants) await changeVariant(tx, payout, variant, { cosigned: psbt });
    const now = new Date(parts.clock.nowMs());
    await tx.withdrawal.updateMany({ where: { payoutId: idToUuid(payout.id) }, data: { lookAt: now } });
    const { actor, strength, requestId } = by;
    const entry = { actor, strength, action: 'payout.cosign', entity: payout.id, after: { txid } };
    await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, parts.clock);
    crashPoint('bundle.signature_written');
    return { payout: payout.id, txid };
  });
}
