import { Gauge, type Registry } from 'prom-client';
import { Prisma, type Database, type DatabaseTransaction } from '../database/index.ts';
import { WALLET_PLANS } from '../intents/index.ts';
import { DRILLED_ROLES } from '../recovery/index.ts';
import { idFromUuid, type Clock, type CustomerId, type WalletId } from '../shared/index.ts';

/** What drills need of the world. */
export interface DrillParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly network: string;
  /** How old the last proof of a wallet may be. */
  readonly limitDays: number;
}

/** A wallet, and since when nobody has proved that all the institution's keys of it can be had back. */
export interface ProofAge {
  readonly wallet: WalletId;
  readonly customer: CustomerId | null;
  /** The oldest of the last proofs of its keys; its opening, as long as a key has none. */
  readonly since: Date;
}

interface AgeRow {
  readonly id: string;
  readonly customer_id: string | null;
  readonly since: Date;
}

export const DAY_MS = 86_400_000;

/** The keys of a plan that drills prove, as rows to compare with. */
const DRILLED = Prisma.join(
  WALLET_PLANS.flatMap((plan) => DRILLED_ROLES[plan].map((role) => Prisma.sql`(${plan}, ${role})`)),
);

/** Every open wallet with such keys, by how long ago they were proved. */
function ages(network: string): Prisma.Sql {
  return Prisma.sql`
    SELECT w.id, w.customer_id, min(coalesce(last.proved_at, w.opened_at)) AS since
    FROM app.wallet w
    JOIN app.account_key k ON k.wallet_id = w.id AND (w.plan, k.role) IN (${DRILLED})
    LEFT JOIN LATERAL (
      SELECT max(p.proved_at) AS proved_at FROM app.recovery_proof p WHERE p.wallet_id = w.id AND p.xpub = k.xpub
    ) last ON true
    WHERE w.state = 'open' AND w.network = ${network}
    GROUP BY w.id`;
}

function ageOf({ id, customer_id: customer, since }: AgeRow): ProofAge {
  return {
    wallet: idFromUuid('wallet', id),
    customer: customer === null ? null : idFromUuid('customer', customer),
    since,
  };
}

/** Up to `count` wallets: the longer half by the age of their proofs, the rest by lot, so that none feels safe. */
export async function sampleWallets(
  tx: DatabaseTransaction,
  { network }: DrillParts,
  count: number,
): Promise<readonly ProofAge[]> {
  const oldest = Math.ceil(count / 2);
  const rows = await tx.$queryRaw<AgeRow[]>`
    WITH age AS (${ages(network)}),
    first AS (SELECT * FROM age ORDER BY since, id LIMIT ${oldest}),
    lot AS (SELECT * FROM age WHERE id NOT IN (SELECT id FROM first) ORDER BY random() LIMIT ${count - oldest})
    SELECT * FROM first UNION ALL SELECT * FROM lot`;
  return rows.map(ageOf);
}

function limitDate({ clock, limitDays }: Pick<DrillParts, 'clock' | 'limitDays'>): Date {
  return new Date(clock.nowMs() - limitDays * DAY_MS);
}

/** Wallets whose proofs are older than the limit, the oldest first. */
export async function overdueWallets(
  tables: Database | DatabaseTransaction,
  parts: DrillParts,
  limit: number,
): Promise<readonly ProofAge[]> {
  const rows = await tables.$queryRaw<AgeRow[]>`
    WITH age AS (${ages(parts.network)})
    SELECT age.* FROM age
    WHERE since < ${limitDate(parts)}
      AND NOT EXISTS (SELECT FROM app.recovery_alarm a WHERE a.wallet_id = age.id AND a.since = age.since)
    ORDER BY since, id LIMIT ${limit}`;
  return rows.map(ageOf);
}

export interface DrillStatus {
  readonly wallets: number;
  readonly overdue: number;
  /** Drills of which no site has proved anything yet. */
  readonly unanswered: number;
  /** Since when the wallet that waits longest has not been proved; null without wallets. */
  readonly oldest: Date | null;
}

export async function drillStatus(parts: DrillParts): Promise<DrillStatus> {
  const [row] = await parts.database.$queryRaw<{ wallets: bigint; overdue: bigint; oldest: Date | null }[]>`
    WITH age AS (${ages(parts.network)})
    SELECT count(*) AS wallets, count(*) FILTER (WHERE since < ${limitDate(parts)}) AS overdue,
      min(since) AS oldest FROM age`;
  const [open] = await parts.database.$queryRaw<{ drills: bigint }[]>`
    SELECT count(*) AS drills FROM app.drill d
    WHERE d.network = ${parts.network} AND NOT EXISTS (SELECT FROM app.recovery_proof p WHERE p.drill = d.id)`;
  return {
    wallets: Number(row?.wallets ?? 0),
    overdue: Number(row?.overdue ?? 0),
    unanswered: Number(open?.drills ?? 0),
    oldest: row?.oldest ?? null,
  };
}

/** `trilock_recovery_proofs{state}`, `trilock_recovery_proof_oldest_seconds` and `trilock_drills_unanswered`, read when scraped. */
export function registerDrillMetric(registry: Registry, parts: DrillParts): void {
  new Gauge({
    name: 'trilock_recovery_proofs',
    help: `Wallets by whether their keys were proved restorable within ${parts.limitDays} days`,
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const { wallets, overdue } = await drillStatus(parts);
      this.set({ state: 'overdue' }, overdue);
      this.set({ state: 'current' }, wallets - overdue);
    },
  });
  new Gauge({
    name: 'trilock_recovery_proof_oldest_seconds',
    help: 'Since when the wallet that waits longest was not proved restorable',
    registers: [registry],
    async collect() {
      const { oldest } = await drillStatus(parts);
      this.set(oldest === null ? 0 : Math.max(0, (parts.clock.nowMs() - oldest.getTime()) / 1_000));
    },
  });
  new Gauge({
    name: 'trilock_drills_unanswered',
    help: 'Recovery drills that were planned and of which no site has proved anything',
    registers: [registry],
    async collect() {
      this.set((await drillStatus(parts)).unanswered);
    },
  });
}
