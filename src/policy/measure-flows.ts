import type { DatabaseTransaction } from '../database/index.ts';
import { idToUuid, isoTime, type CustomerId } from '../shared/index.ts';
import type { Flow, Window } from './facts.ts';
import { flowKey } from './facts-record.ts';

const HOUR_MS = 3_600_000;

interface Measured {
  readonly key: string;
  readonly scope: Window['per'];
  readonly of: string;
  readonly since: string;
}

/** Which sums a window asks for. It begins with its first hour, so it is never shorter than the policy says. */
function wanted(
  windows: readonly Window[],
  customer: CustomerId,
  addresses: readonly string[],
  nowMs: number,
): readonly Measured[] {
  const found = new Map<string, Measured>();
  for (const window of windows) {
    const { per: scope, hours } = window;
    const since = isoTime(Math.floor((nowMs - hours * HOUR_MS) / HOUR_MS) * HOUR_MS);
    for (const address of addresses) {
      const of = { customer: idToUuid(customer), destination: address, global: '' }[scope];
      const key = flowKey(window, address);
      found.set(key, { key, scope, of, since });
    }
  }
  return [...found.values()];
}

/**
 * What the windows hold at a time, withdrawals that have ended unpaid left out. A window is read from as many rows as
 * it has hours at most, however long the history is.
 * @returns by `flowKey`.
 */
export async function measureFlows(
  tx: DatabaseTransaction,
  windows: readonly Window[],
  of: { readonly customer: CustomerId; readonly addresses: readonly string[]; readonly nowMs: number },
): Promise<ReadonlyMap<string, Flow>> {
  const sums = wanted(windows, of.customer, of.addresses, of.nowMs);
  if (sums.length === 0) return new Map();
  const rows = await tx.$queryRaw<{ key: string; satoshis: string; withdrawals: string }[]>`
    SELECT w.key, COALESCE(SUM(f.satoshis), 0)::text AS satoshis, COALESCE(SUM(f.withdrawals), 0)::text AS withdrawals
    FROM unnest(${sums.map(({ key }) => key)}::text[], ${sums.map(({ scope }) => scope)}::text[],
      ${sums.map((sum) => sum.of)}::text[], ${sums.map(({ since }) => since)}::timestamptz[]) AS w(key, scope, of, since)
    LEFT JOIN LATERAL (
      SELECT satoshis, withdrawals FROM policy_flow p WHERE p.scope = w.scope AND p.key = w.of AND p.hour >= w.since
    ) f ON true
    GROUP BY w.key`;
  return new Map(
    rows.map(({ key, satoshis, withdrawals }) => [
      key,
      { satoshis: BigInt(satoshis), withdrawals: Number(withdrawals) },
    ]),
  );
}
