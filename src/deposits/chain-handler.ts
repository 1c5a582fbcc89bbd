import { appendEvent } from '../events/index.ts';
import type { ChainStep } from '../chain/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import {
  crashPoint,
  derivedId,
  formatSatoshis,
  idToUuid,
  type Clock,
  type CustomerId,
} from '../shared/index.ts';
import {
  connectCoins,
  disconnectCoins,
  readWallet,
  ungivenAmong,
  type FoundPayment,
  type GivenAddress,
  type WatchedScripts,
} from '../wallets/index.ts';
import { confirmationsFor, DUST_LIMIT } from './confirmations.ts';
import type { QuarantineReason } from './deposit.ts';
import { recordDeposit } from './deposit-audit.ts';

export interface ChainHandlerParts {
  readonly clock: Clock;
  readonly watched: WatchedScripts;
}

/**
 * A block pays addresses that nobody was given. They have to be noted, and more scripts watched, before the block is
 * searched again: it may pay those too.
 */
export class UngivenAddressesPaid extends Error {
  readonly addresses: readonly GivenAddress[];

  constructor(addresses: readonly GivenAddress[]) {
    super('a block pays addresses that nobody was given');
    this.addresses = addresses;
  }
}

function quarantineOf(payment: FoundPayment, customer: CustomerId | null): QuarantineReason | null {
  // Only we know the change branch: whoever pays it has seen it on the chain and is up to something.
  if (payment.address.branch === 'change') return 'change_branch';
  if (customer === null) return 'address_not_given';
  return payment.satoshis < DUST_LIMIT ? 'dust' : null;
}

/** A payment seen for the first time. */
async function detect(
  tx: DatabaseTransaction,
  parts: ChainHandlerParts,
  payment: FoundPayment,
  block: { readonly height: number; readonly hash: string; readonly at: Date },
): Promise<void> {
  const { address, outpoint, satoshis } = payment;
  const wallet = await readWallet(tx, address.walletId);
  const customerId = address.customerId ?? wallet.customerId;
  const quarantine = quarantineOf(payment, customerId);
  // From the outpoint, so that a row that was lost comes back under the same id and is credited once.
  const id = derivedId('deposit', wallet.id, `${outpoint.txid}:${outpoint.vout}`);
  await tx.deposit.create({
    data: {
      id: idToUuid(id),
      network: wallet.network,
      ...outpoint,
      walletId: idToUuid(wallet.id),
      addressId: idToUuid(address.id),
      customerId: customerId === null ? null : idToUuid(customerId),
      balance: wallet.customerId === null ? 'spending' : 'vault',
      satoshis,
      height: block.height,
      blockHash: block.hash,
      cycle: 1,
      state: 'detected',
      quarantine,
      detectedAt: block.at,
      nextStepAt: block.at,
    },
  });
  const facts = {
    wallet: wallet.id,
    customer: customerId,
    address: address.address,
    outpoint: `${outpoint.txid}:${outpoint.vout}`,
    satoshis: formatSatoshis(satoshis),
    blockHash: block.hash,
    height: block.height,
  };
  await recordDeposit(tx, parts.clock, 'deposit.detect', id, { after: facts });
  await appendEvent(
    tx,
    { type: 'deposit.detected', subject: id, customer: customerId, data: facts },
    parts.clock,
  );
}

/** A block has it (again). The same block told twice changes nothing. */
async function include(
  tx: DatabaseTransaction,
  { outpoint }: FoundPayment,
  block: { readonly height: number; readonly hash: string; readonly at: Date },
): Promise<number> {
  const { count } = await tx.deposit.updateMany({
    where: { ...outpoint, blockHash: null },
    data: {
      height: block.height,
      blockHash: block.hash,
      cycle: { increment: 1 },
      nextStepAt: block.at,
      refusals: 0,
    },
  });
  return count;
}

/** All deposits of a block are there now, so it is known how deep they must be. */
async function setCreditHeights(
  tx: DatabaseTransaction,
  block: { readonly height: number; readonly hash: string },
): Promise<void> {
  const where = { blockHash: block.hash };
  const { _sum: sum } = await tx.deposit.aggregate({ where, _sum: { satoshis: true } });
  for (const coinbase of [false, true]) {
    const confirmations = confirmationsFor(sum.satoshis ?? 0n, coinbase);
    await tx.deposit.updateMany({
      where: { ...where, coin: { coinbase } },
      data: { creditHeight: block.height + confirmations - 1 },
    });
  }
}

/**
 * What the follower does with each of its steps, in the transaction that moves its position: chain facts only. What
 * the books make of them is done afterwards, by `stepDeposits`. @throws UngivenAddressesPaid; WalletError
 * `wallet_changed_meanwhile`: in either case nothing was taken, and the block is searched again.
 */
export async function handleChainStep(
  parts: ChainHandlerParts,
  step: ChainStep,
  tx: DatabaseTransaction,
): Promise<void> {
  const at = new Date(parts.clock.nowMs());
  if (step.kind === 'disconnected') {
    const block = { ...step.from, at };
    await disconnectCoins(tx, block);
    await tx.deposit.updateMany({
      where: { height: block.height, blockHash: block.hash },
      data: { height: null, blockHash: null, creditHeight: null, nextStepAt: at, refusals: 0 },
    });
    return;
  }
  await parts.watched.requireComplete(tx);
  const scripts = step.matches.flatMap((match) => (match.kind === 'output' ? [match.script] : []));
  const ungiven = await ungivenAmong(tx, scripts);
  if (ungiven.length > 0) throw new UngivenAddressesPaid(ungiven);
  const block = { ...step.to, at };
  const payments = await connectCoins(tx, block, step.matches);
  for (const payment of payments) {
    // Nothing to credit: the ledger moves no zero.
    if (payment.satoshis === 0n) continue;
    const again = payment.known ? await include(tx, payment, block) : 0;
    if (again === 0 && (await tx.deposit.count({ where: payment.outpoint })) === 0) {
      await detect(tx, parts, payment, block);
    }
  }
  if (payments.length > 0) await setCreditHeights(tx, block);
  if (payments.length > 0) crashPoint('deposit.seen');
}
