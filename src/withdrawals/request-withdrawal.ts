import { BitcoinError, dustThreshold, parseAddress, type Address } from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { QueueActor, StoredIntent } from '../approvals/index.ts';
import { requireAllowed } from '../freeze/index.ts';
import { appendEvent } from '../events/index.ts';
import {
  checkTravelRule,
  descriptorHash,
  paymentsTotal,
  type TravelRule,
  type WithdrawalIntent,
} from '../intents/index.ts';
import {
  addSatoshis,
  crashPoint,
  feeForVirtualSize,
  feeRateFromSatsPerKvb,
  formatSatoshis,
  idToUuid,
  MAX_FEE_RATE,
  parseId,
  parseSatoshis,
  type CustomerId,
  type FeeRate,
  type IntentId,
  type Satoshis,
  type WalletId,
  type WithdrawalId,
} from '../shared/index.ts';
import { outlastingWindow } from './cold-windows.ts';
import { WithdrawalError } from './errors.ts';
import type { SourceWallet } from './ports.ts';
import { spendingSource } from './spending-source.ts';
import type { RequestParts } from './withdrawal-parts.ts';
import { findWithdrawal } from './withdrawal-store.ts';
import type { Withdrawal } from './withdrawal.ts';

/** Where the money goes. */
export type Destination =
  | {
      readonly kind: 'addresses';
      readonly payments: readonly { readonly address: string; readonly satoshis: Satoshis }[];
    }
  /** The customer's own other balance, at a fresh address of it. */
  | { readonly kind: 'spending'; readonly satoshis: Satoshis }
  | { readonly kind: 'vault'; readonly wallet?: WalletId; readonly satoshis: Satoshis };

export interface WithdrawalRequest {
  readonly customer: CustomerId;
  readonly balance: 'vault' | 'spending';
  /** Which vault, when there are several. */
  readonly wallet?: WalletId;
  readonly to: Destination;
  /** Default: twice what a transaction of five coins costs now. */
  readonly maxFee?: Satoshis;
  readonly memo?: string;
  /** Who gets it, when the manifest asks. */
  readonly travelRule?: TravelRule;
  /** What a station signs lives longer when it must, to outlast the next window for cold signing. */
  readonly lifetimeMs: number;
}

/** A payout of so many coins stays within the default cap. */
const TYPICAL_VIRTUAL_BYTES = 700;
const VIRTUAL_BYTES_PER_PAYMENT = 43;
const TARGET_BLOCKS = 6;
/** Nothing smaller is relayed. */
const LEAST_VIRTUAL_BYTES = 150;
const LEAST_RATE = 1_000n;

function missing(): never {
  throw new WithdrawalError('withdrawal_source_missing', 'There is no open wallet to pay from or to.');
}

async function vaultOf(
  parts: RequestParts,
  tx: DatabaseTransaction,
  customer: CustomerId,
  id: WalletId | undefined,
): Promise<SourceWallet> {
  const vaults = await parts.wallets.vaultsOf(tx, customer);
  return (id === undefined ? vaults[0] : vaults.find((vault) => vault.id === id)) ?? missing();
}

function payable(text: string, amount: Satoshis, network: RequestParts['network']): Address {
  let address: Address;
  try {
    address = parseAddress(text, network);
  } catch (cause) {
    if (!(cause instanceof BitcoinError)) throw cause;
    throw new WithdrawalError('withdrawal_destination_invalid', cause.message, {
      details: { address: text.slice(0, 100), reason: cause.code },
      cause,
    });
  }
  const least = dustThreshold(address.scriptPubKey);
  if (amount < least) {
    throw new WithdrawalError(
      'withdrawal_destination_dust',
      'This is so little that nodes would not relay it.',
      {
        details: { address: address.text, leastSatoshis: least.toString() },
      },
    );
  }
  return address;
}

async function paymentsOf(
  parts: RequestParts,
  tx: DatabaseTransaction,
  { customer, to }: WithdrawalRequest,
): Promise<WithdrawalIntent['body']['payments']> {
  if (to.kind === 'addresses') {
    return to.payments.map(({ address, satoshis: amount }) => ({
      address: payable(address, amount, parts.network).text,
      satoshis: formatSatoshis(amount),
    }));
  }
  const wallet =
    to.kind === 'vault'
      ? await vaultOf(parts, tx, customer, to.wallet)
      : ((await parts.wallets.treasury(tx)) ?? missing());
  const address = await parts.wallets.freshAddress(tx, wallet.id, customer);
  return [
    { address: payable(address, to.satoshis, parts.network).text, satoshis: formatSatoshis(to.satoshis) },
  ];
}

async function feeCap(
  parts: RequestParts,
  { maxFee }: WithdrawalRequest,
  payments: number,
): Promise<Satoshis> {
  const highest = parseSatoshis((await parts.trust.manifest()).limits.maxFeeSatoshis);
  const least = feeForVirtualSize(feeRateFromSatsPerKvb(LEAST_RATE), LEAST_VIRTUAL_BYTES);
  if (maxFee === undefined) {
    const { feeRate } = await parts.node.feeEstimate(TARGET_BLOCKS);
    const twice = feeRate * 2n < MAX_FEE_RATE ? ((feeRate * 2n) as FeeRate) : MAX_FEE_RATE;
    const cap = feeForVirtualSize(twice, TYPICAL_VIRTUAL_BYTES + VIRTUAL_BYTES_PER_PAYMENT * payments);
    return cap < highest ? cap : highest;
  }
  if (maxFee < least) {
    throw new WithdrawalError('withdrawal_fee_cap_too_low', 'No transaction is relayed for so small a fee.', {
      details: { leastSatoshis: least.toString() },
    });
  }
  if (maxFee > highest) {
    throw new WithdrawalError('withdrawal_fee_cap_too_high', 'The institution pays no fee as high as that.', {
      details: { mostSatoshis: highest.toString() },
    });
  }
  return maxFee;
}

async function draft(
  parts: RequestParts,
  tx: DatabaseTransaction,
  intent: IntentId,
  request: WithdrawalRequest,
): Promise<WithdrawalIntent> {
  const { customer, balance, memo, lifetimeMs } = request;
  await requireAllowed(tx, customer, 'withdraw');
  const payments = await paymentsOf(parts, tx, request);
  const maxFee = await feeCap(parts, request, payments.length);
  const source =
    balance === 'vault'
      ? await vaultOf(parts, tx, customer, request.wallet)
      : ((await spendingSource(parts, tx, addSatoshis(paymentsTotal(payments), maxFee))) ?? missing());
  // Between balances here nobody else gets anything, whatever the customer says.
  const travelRule: TravelRule | undefined =
    request.to.kind === 'addresses' ? request.travelRule : { held: 'here' };
  const drafted = await parts.queue.draft(tx, {
    kind: 'withdrawal',
    id: intent,
    requester: customer,
    lifetimeMs: outlastingWindow(parts, source.plan, lifetimeMs),
    body: {
      customer,
      balance,
      wallet: source.id,
      descriptorHash: descriptorHash(source.descriptor),
      payments,
      maxFeeSatoshis: formatSatoshis(maxFee),
      ...(memo === undefined ? {} : { memo }),
      ...(travelRule === undefined ? {} : { travelRule }),
    },
  });
  checkTravelRule(drafted, await parts.trust.manifest());
  return drafted;
}

/**
 * Writes a withdrawal down, with the intent that the customer is to sign. Nothing is held or done before that.
 * @throws WithdrawalError `withdrawal_source_missing`, `withdrawal_destination_…`, `withdrawal_fee_cap_…`;
 * IntentError `travel_rule_missing`; SharedError `amount_out_of_range` when all of it together is more than all bitcoin.
 */
export async function requestWithdrawal(
  parts: RequestParts,
  tx: DatabaseTransaction,
  ids: { readonly withdrawal: WithdrawalId; readonly intent: IntentId },
  request: WithdrawalRequest,
  by: QueueActor,
): Promise<{ readonly withdrawal: Withdrawal; readonly stored: StoredIntent }> {
  const intent = await draft(parts, tx, ids.intent, request);
  const amount = paymentsTotal(intent.body.payments);
  const maxFee = parseSatoshis(intent.body.maxFeeSatoshis);
  addSatoshis(amount, maxFee);
  const stored = await parts.queue.submit(tx, intent, by);
  const now = new Date(parts.clock.nowMs());
  await tx.withdrawal.create({
    data: {
      id: idToUuid(ids.withdrawal),
      intentId: idToUuid(ids.intent),
      customerId: idToUuid(request.customer),
      walletId: idToUuid(parseId('wallet', intent.body.wallet)),
      balance: request.balance,
      destination: request.to.kind === 'addresses' ? 'address' : request.to.kind,
      amount,
      maxFee,
      state: 'requested',
      lookAt: now,
      createdAt: now,
      changedAt: now,
    },
  });
  const data = {
    withdrawal: ids.withdrawal,
    customer: request.customer,
    balance: request.balance,
    amountSatoshis: formatSatoshis(amount),
    maxFeeSatoshis: formatSatoshis(maxFee),
  };
  await appendEvent(
    tx,
    { type: 'withdrawal.requested', subject: ids.withdrawal, customer: request.customer, data },
    parts.clock,
  );
  crashPoint('withdrawal.request_written');
  return { withdrawal: await findWithdrawal(tx, ids.withdrawal), stored };
}
