import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { restrictedAmong } from '../freeze/index.ts';
import {
  feeForVirtualSize,
  formatSatoshis,
  idFromUuid,
  newId,
  parseSatoshis,
  satoshis,
  type CustomerId,
  type FeeRate,
  type Satoshis,
  type WalletId,
} from '../shared/index.ts';
import { requestWithdrawal } from './request-withdrawal.ts';
import { WORKER, type RequestParts } from './withdrawal-parts.ts';
import type { WithdrawalState } from './withdrawal.ts';

/** What of a sweep is under way; another one is not begun beside it. */
const UNDER_WAY: readonly WithdrawalState[] = [
  'requested',
  'screened',
  'awaiting_approval',
  'approved',
  'cooling_off',
  'built',
  'awaiting_cosigner',
  'platform_signed',
  'broadcast',
  'quarantined',
];

/** A two-of-three input, and all the rest of a transaction with one output; rounded up. */
const INPUT_VIRTUAL_BYTES = 105;
const FRAME_VIRTUAL_BYTES = 60;
/** What one transaction can carry with room to spare; the rest is swept by the next one. */
const MOST_COINS = 500;
const TARGET_BLOCKS = 12;
/** Half as much again as the estimate: rates move between drafting and cold signing. */
const RATE_NUMERATOR = 3n;
const RATE_DENOMINATOR = 2n;
/** A sweep that costs more than a tenth of what it moves can wait for better days, or for more. */
const WORTH_TIMES_FEE = 10n;
const LIFETIME_MS = 14 * 86_400_000;
/** Wallets looked at in one go. */
const AT_ONCE = 20;
/** What is paid to old addresses can wait that long, and most wallets are not replaced. */
const INTERVAL_MS = 60_000;

interface ReplacedRow {
  readonly id: string;
  readonly customer_id: string;
  readonly replacement: string;
}

/** What is worth sweeping from a wallet, with the fee cap; null when it may wait. */
async function amountOf(
  parts: RequestParts,
  tx: DatabaseTransaction,
  wallet: WalletId,
): Promise<{ readonly amount: Satoshis; readonly maxFee: Satoshis } | null> {
  const confirmed = (await parts.wallets.coins(tx, wallet)).filter(({ confirmations }) => confirmations > 0);
  const coins = [...confirmed].sort((a, b) => (a.value < b.value ? 1 : -1)).slice(0, MOST_COINS);
  if (coins.length === 0) return null;
  const { feeRate } = await parts.node.feeEstimate(TARGET_BLOCKS);
  const rate = ((feeRate * RATE_NUMERATOR) / RATE_DENOMINATOR) as FeeRate;
  const cap = feeForVirtualSize(rate, FRAME_VIRTUAL_BYTES + coins.length * INPUT_VIRTUAL_BYTES);
  const highest = parseSatoshis((await parts.trust.manifest()).limits.maxFeeSatoshis);
  const maxFee = cap < highest ? cap : highest;
  const total = coins.reduce((sum, { value }) => sum + value, 0n);
  if (total < maxFee * WORTH_TIMES_FEE) return null;
  return { amount: satoshis(total - maxFee), maxFee };
}

async function draftSweep(parts: RequestParts, tx: DatabaseTransaction, row: ReplacedRow): Promise<boolean> {
  const wallet = idFromUuid('wallet', row.id);
  const customer: CustomerId = idFromUuid('customer', row.customer_id);
  if ((await restrictedAmong(tx, [customer], 'withdraw')).size > 0) return false;
  const sweep = await amountOf(parts, tx, wallet);
  if (sweep === null) return false;
  const replacement = idFromUuid('wallet', row.replacement);
  const address = await parts.wallets.freshAddress(tx, replacement, customer);
  const ids = { withdrawal: newId('withdrawal'), intent: newId('intent') };
  const request = {
    ...{ customer, wallet, maxFee: sweep.maxFee, lifetimeMs: LIFETIME_MS },
    balance: 'vault',
    to: { kind: 'addresses', payments: [{ address, satoshis: sweep.amount }] },
    travelRule: { held: 'here' },
    memo: `moves ${formatSatoshis(sweep.amount)} satoshis to the wallet that replaces this one`,
  } as const;
  await requestWithdrawal(parts, tx, ids, request, WORKER);
  return true;
}

/**
 * For each wallet that another has replaced and that holds coins, now or whenever something is paid to its old
 * addresses: drafts a withdrawal of everything to the replacement. It is signed by the customer and approved like any
 * other; a draft that nobody signs expires and is drafted again. @returns how many were drafted.
 */
export async function sweepReplaced(parts: RequestParts): Promise<number> {
  return inTransaction(parts.database, async (tx) => {
    const rows = await tx.$queryRaw<ReplacedRow[]>`
      SELECT old.id, old.customer_id, new.id AS replacement
      FROM app.wallet old JOIN app.wallet new ON new.replaces_id = old.id AND new.state = 'open'
      WHERE old.network = ${parts.network}
        AND EXISTS (SELECT FROM app.coin c WHERE c.wallet_id = old.id AND NOT c.withheld
          AND c.height IS NOT NULL AND c.spent_height IS NULL)
        AND NOT EXISTS (
          SELECT FROM app.withdrawal w WHERE w.wallet_id = old.id AND w.state = ANY(${[...UNDER_WAY]})
        )
      ORDER BY random() LIMIT ${AT_ONCE} FOR NO KEY UPDATE OF old SKIP LOCKED`;
    let drafted = 0;
    for (const row of rows) if (await draftSweep(parts, tx, row)) drafted++;
    return drafted;
  });
}

/** The same as work that is asked for all the time and looks now and then. */
export function replacedWatch(parts: RequestParts): () => Promise<number> {
  let lookAgainAtMs = 0;
  return async () => {
    if (parts.clock.nowMs() < lookAgainAtMs) return 0;
    lookAgainAtMs = parts.clock.nowMs() + INTERVAL_MS;
    return sweepReplaced(parts);
  };
}
