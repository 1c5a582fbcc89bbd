import type { DatabaseTransaction } from '../database/index.ts';
import { amountAtStake, type WithdrawalIntent } from '../intents/index.ts';
import { idToUuid, isIdOf, parseId, parseSatoshis, type CustomerId } from '../shared/index.ts';
import { explainAddress, readWallet, WalletError } from '../wallets/index.ts';
import { findAdmission } from './admission.ts';
import type { Flow, Window } from './facts.ts';
import { flowKey, type PaidPayee, type RecordedFacts } from './facts-record.ts';
import { measureFlows } from './measure-flows.ts';
import { REPUTATIONS, type Reputation } from './policy-document-contract.ts';

const HOUR_MS = 3_600_000;

interface PayeeRow {
  readonly address: string;
  readonly given: boolean;
  readonly first_paid: Date | null;
  readonly named_at: Date | null;
  readonly usable_at: Date | null;
  readonly reputations: readonly string[] | null;
}

/** What our tables know of each payee, in as many look-ups as there are payees. */
async function payeeRows(
  tx: DatabaseTransaction,
  customer: CustomerId,
  addresses: readonly string[],
  now: Date,
): Promise<readonly PayeeRow[]> {
  const id = idToUuid(customer);
  return await tx.$queryRaw<PayeeRow[]>`
    SELECT a.address,
      EXISTS (SELECT 1 FROM wallet_address w WHERE w.address = a.address AND w.customer_id = ${id}::uuid) AS given,
      (SELECT min(p.judged_at) FROM policy_payment p
        WHERE p.address = a.address AND p.customer_id = ${id}::uuid AND p.paid AND NOT p.ended) AS first_paid,
      b.added_at AS named_at, b.usable_at,
      (SELECT array_agg(l.reputation) FROM listed_address l
        WHERE l.address = a.address AND (l.expires_at IS NULL OR l.expires_at > ${now})) AS reputations
    FROM unnest(${addresses}::text[]) AS a(address)
    LEFT JOIN address_book_entry b
      ON b.customer_id = ${id}::uuid AND b.address = a.address AND b.removed_at IS NULL`;
}

function worst(listed: readonly string[]): Reputation {
  return REPUTATIONS.toReversed().find((reputation) => listed.includes(reputation)) ?? 'unlisted';
}

/** Derived anew from the wallet's descriptor: a row alone does not make an address the customer's own. */
async function isOwn(tx: DatabaseTransaction, address: string, customer: CustomerId): Promise<boolean> {
  try {
    await explainAddress(tx, address, customer);
    return true;
  } catch (thrown) {
    if (thrown instanceof WalletError) return false;
    throw thrown;
  }
}

/** Counted until the withdrawal was asked for, so that waiting for approval makes no payee older. */
function ageHours({ first_paid: paid, named_at: named }: PayeeRow, askedAtMs: number): number {
  const known = [paid, named].filter((at) => at !== null).map((at) => askedAtMs - at.getTime());
  return Math.max(0, Math.floor(Math.max(0, ...known) / HOUR_MS));
}

/** An intent pays one address several times, or several: each counts once. */
function paidByAddress({ body }: WithdrawalIntent): ReadonlyMap<string, bigint> {
  const paid = new Map<string, bigint>();
  for (const { address, satoshis } of body.payments) {
    paid.set(address, (paid.get(address) ?? 0n) + parseSatoshis(satoshis));
  }
  return paid;
}

async function customersWishes(
  tx: DatabaseTransaction,
  customer: CustomerId,
  now: Date,
): Promise<{ readonly riskScore: number | null; readonly onlyKnown: boolean }> {
  const customerId = idToUuid(customer);
  const newest = { orderBy: { id: 'desc' } } as const;
  const risk = await tx.riskScore.findFirst({ where: { customerId }, ...newest });
  // Whoever closes the list again takes back that it was to be opened.
  const choice = await tx.allowListChoice.findFirst({
    where: { customerId, beginsAt: { lte: now } },
    ...newest,
  });
  return { riskScore: risk?.score ?? null, onlyKnown: choice?.onlyKnown ?? false };
}

/**
 * What the windows hold, this withdrawal included. One that was judged before finds them as they were then, so that
 * those that came after it do not count against it.
 */
async function flowsOf(
  tx: DatabaseTransaction,
  intent: WithdrawalIntent,
  windows: readonly Window[],
  facts: Omit<RecordedFacts, 'flows'> & { readonly nowMs: number },
): Promise<ReadonlyMap<string, Flow>> {
  const addresses = facts.payees.map(({ address }) => address);
  const customer = parseId('customer', facts.customer);
  const measured = await measureFlows(tx, windows, { customer, addresses, nowMs: facts.nowMs });
  const admitted = await findAdmission(tx, intent);
  if (admitted !== undefined) return new Map([...measured, ...admitted.flows]);
  const flows = new Map<string, Flow>();
  for (const window of windows) {
    for (const { address, satoshis: paid } of facts.payees) {
      const key = flowKey(window, address);
      const past = measured.get(key);
      const own = window.per === 'destination' ? paid : facts.amount;
      flows.set(key, {
        satoshis: (past?.satoshis ?? 0n) + own,
        withdrawals: (past?.withdrawals ?? 0) + 1,
      });
    }
  }
  return flows;
}

/** What is known of a withdrawal now, with what every window holds. */
export async function gatherFacts(
  tx: DatabaseTransaction,
  intent: WithdrawalIntent,
  windows: readonly Window[],
  nowMs: number,
): Promise<RecordedFacts> {
  const { body, requester } = intent;
  const customer = parseId('customer', body.customer);
  const askedAtMs = Date.parse(intent.createdAt);
  const paid = paidByAddress(intent);
  const now = new Date(nowMs);
  const payees: PaidPayee[] = [];
  for (const row of await payeeRows(tx, customer, [...paid.keys()], now)) {
    const { address } = row;
    payees.push({
      address,
      satoshis: paid.get(address) ?? 0n,
      own: row.given && (await isOwn(tx, address, customer)),
      ageHours: ageHours(row, askedAtMs),
      known: row.usable_at !== null && row.usable_at.getTime() <= askedAtMs,
      reputation: worst(row.reputations ?? []),
    });
  }
  const { plan } = await readWallet(tx, parseId('wallet', body.wallet));
  const facts = {
    ...{ askedAtMs, customer, plan, payees },
    initiator: isIdOf('customer', requester) ? ('customer' as const) : ('staff' as const),
    amount: amountAtStake(intent),
    balance: body.balance,
    ...(await customersWishes(tx, customer, now)),
  };
  return { ...facts, flows: await flowsOf(tx, intent, windows, { ...facts, nowMs }) };
}
