import { setMaxListeners } from 'node:events';
import { Registry } from 'prom-client';
import { AUDIT_STREAM } from '../../audit/index.ts';
import { ChainError, guardNode } from '../../chain/index.ts';
import {
  settleKeyRotations,
  settleStaffChanges,
  settleWebhookChanges,
  staffWatch,
} from '../../control/index.ts';
import { openDatabase, runSealer } from '../../database/index.ts';
import {
  DepositFollower,
  readChainHold,
  refusedDeposits,
  registerDepositMetric,
  releaseDeposits,
  registerHoldMetric,
  settleReceivables,
  stepDeposits,
  WORKER_FOLLOWER,
  type ChainHold,
} from '../../deposits/index.ts';
import {
  drillSchedule,
  drillStatus,
  proofWatch,
  registerDrillMetric,
  type DrillStatus,
} from '../../drills/index.ts';
import { deliverOne, EVENT_STREAM, fanOut } from '../../events/index.ts';
import {
  freezeStatusWork,
  remindReviews,
  retellWork,
  settleBreaker,
  settleRestrictions,
  watchOutflow,
} from '../../freeze/index.ts';
import { settleLegalHolds } from '../../legal/index.ts';
import { sendNotice, spreadNotices, type NoticeWorkParts } from '../../notices/index.ts';
import { LedgerClient } from '../../ledger/client/index.ts';
import { registerLockMetrics, stepLockRecoveries, stepMasterLocks } from '../../locks/index.ts';
import {
  listedAmong,
  screenListed,
  settleLimitRaises,
  settlePolicyChanges,
  watchOrigins,
  watchPeople,
} from '../../policy/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { isoTime, systemClock, windowToCome, type WeeklyWindows } from '../../shared/index.ts';
import { signerClient } from '../../signer/index.ts';
import { stepTransfers } from '../../transfers/index.ts';
import { treasuryWork } from '../../treasury/index.ts';
import { lowPools, poolLevels, registerPoolMetric, stepWallets } from '../../wallets/index.ts';
import {
  outflowSince,
  replacedWatch,
  stepWithdrawals,
  waitingForStation,
  windowWatch,
} from '../../withdrawals/index.ts';
import { endpointTarget } from '../lifecycle/endpoint.ts';
import type { RoleContext, StartedRole } from '../lifecycle/run-role.ts';
import type { SettingsOf } from '../settings/index.ts';
import { bothSigners } from './both-signers.ts';
import { bitcoinNodes } from './bitcoin-connection.ts';
import { requireCurrentSchema } from './current-schema.ts';
import { auditWork } from './audit-work.ts';
import { escalationWork } from './escalation-work.ts';
import { ledgerAddress } from './ledger-address.ts';
import { manifestSource } from './manifest-source.ts';
import { noticeSenders } from './notice-senders.ts';
import { webhookParts } from './webhook-parts.ts';
import {
  lockStepParts,
  policyChangeParts,
  restrictionStepParts,
  withdrawalStepParts,
} from './withdrawal-parts.ts';
import { runWorkLoop, type Work } from './work-loop.ts';

/** A receiver that is slow takes two of them at most. */
const WEBHOOKS_AT_ONCE = 4;

/** Where there are two signers, what must hold at both is told to both. */
function signersOf(settings: SettingsOf<'worker'>) {
  const first = signerClient(endpointTarget(settings.TRILOCK_SIGNER_SOCKET));
  const { TRILOCK_SECOND_SIGNER_SOCKET: socket } = settings;
  const secondSigner = socket === undefined ? undefined : signerClient(endpointTarget(socket));
  return { signer: bothSigners(first, secondSigner), secondSigner };
}

function openParts(settings: SettingsOf<'worker'>) {
  const config = parsePostgresUrl(settings.DATABASE_URL);
  const network = settings.TRILOCK_NETWORK;
  return {
    database: openDatabase(config, { applicationName: 'trilock worker' }),
    node: bitcoinNodes(settings),
    ledger: new LedgerClient({ addresses: [ledgerAddress(settings.TRILOCK_LEDGER_SOCKET)] }),
    ...signersOf(settings),
    manifest: manifestSource(settings.TRILOCK_MANIFEST_DIRECTORY, settings.TRILOCK_FIRST_MANIFEST, network),
    webhooks: webhookParts(settings),
    senders: noticeSenders(settings),
    publicUrl: (settings.TRILOCK_PUBLIC_URL ?? '').replace(/\/+$/, ''),
    batching: { waitMs: settings.TRILOCK_BATCH_SECONDS * 1000, size: settings.TRILOCK_BATCH_SIZE },
    coldWindows: settings.TRILOCK_COLD_WINDOWS ?? null,
    raiseAfterMs: settings.TRILOCK_RAISE_FEE_MINUTES * 60_000,
    network,
    limitPerHour:
      settings.TRILOCK_BREAKER_SATOSHIS === undefined ? undefined : BigInt(settings.TRILOCK_BREAKER_SATOSHIS),
    limitDays: settings.TRILOCK_DRILL_LIMIT_DAYS,
    escalateMs: settings.TRILOCK_ESCALATION_MINUTES * 60_000,
    checkpoints: {
      intervalMs: settings.TRILOCK_AUDIT_MINUTES * 60_000,
      directory: settings.TRILOCK_CHECKPOINT_DIRECTORY,
    },
    drills: {
      everyDays: settings.TRILOCK_DRILL_EVERY_DAYS,
      wallets: settings.TRILOCK_DRILL_WALLETS,
      directory: settings.TRILOCK_DRILL_DIRECTORY ?? null,
    },
    clock: systemClock,
    startHeight: settings.TRILOCK_START_HEIGHT,
  };
}

interface ColdWindows {
  readonly coldWindows: WeeklyWindows | null;
}

/** Payouts wait while it is not known what the chain says. @throws ChainError `chain_held` (retryable). */
async function requireChain({ database, clock }: ReturnType<typeof openParts>): Promise<void> {
  const hold = await readChainHold(database, WORKER_FOLLOWER, new Date(clock.nowMs()));
  if (hold === null) return;
  throw new ChainError('chain_held', 'Payouts wait until the chain can be followed again.', {
    details: { code: hold.code, since: hold.since.toISOString() },
    retryable: true,
  });
}

/** Nothing is passed over while no channel is set up: what is still of use then is told. */
function noticeWorks(parts: NoticeWorkParts): readonly Work[] {
  if (parts.senders.size === 0) return [];
  return [
    { name: 'notices', step: () => spreadNotices(parts) },
    { name: 'notice deliveries', step: () => sendNotice(parts) },
  ];
}

/** Every kind of work that the worker does; each finishes what a crash left half done. */
function works(
  parts: ReturnType<typeof openParts>,
  onFailure: (component: string, error: unknown) => void,
): readonly Work[] {
  const paying = {
    ...withdrawalStepParts(parts),
    node: guardNode(parts.node, () => requireChain(parts)),
  };
  const restricting = restrictionStepParts(parts);
  const locking = lockStepParts(parts);
  const changing = policyChangeParts(parts);
  const webhooks = { ...parts, ...parts.webhooks };
  const follower = new DepositFollower(parts);
  const screening = { network: parts.network, listed: listedAmong };
  return [
    { name: 'chain', step: () => follower.poll() },
    { name: 'deposits', step: () => stepDeposits({ ...parts, follower: WORKER_FOLLOWER, screening }) },
    { name: 'releases', step: () => releaseDeposits(paying) },
    { name: 'receivables', step: () => settleReceivables({ ...parts, follower: WORKER_FOLLOWER }) },
    {
      name: 'legal holds',
      step: () => settleLegalHolds({ ...paying, ...{ ledger: parts.ledger, manifest: parts.manifest } }),
    },
    { name: 'staff', step: () => settleStaffChanges({ ...changing, seals: parts.webhooks.hash }) },
    { name: 'standing of staff', step: staffWatch({ ...parts, seals: parts.webhooks.hash }) },
    { name: 'key rotations', step: () => settleKeyRotations({ ...parts, queue: paying.queue }) },
    { name: 'restrictions', step: () => settleRestrictions(restricting) },
    { name: 'restrictions told again', step: retellWork(restricting) },
    { name: 'freeze status', step: freezeStatusWork(restricting) },
    { name: 'reviews', step: () => remindReviews(restricting) },
    { name: 'circuit breaker', step: () => settleBreaker(restricting) },
    { name: 'outflow', step: () => watchOutflow({ ...parts, outflowSince }) },
    { name: 'raised limits', step: () => settleLimitRaises(changing) },
    { name: 'policy changes', step: () => settlePolicyChanges(changing) },
    { name: 'listed addresses', step: () => screenListed(changing) },
    { name: 'people of the policy', step: () => watchPeople(changing) },
    { name: 'origin of the policy', step: () => watchOrigins(changing) },
    { name: 'wallets', step: () => stepWallets(parts) },
    { name: 'master locks', step: () => stepMasterLocks(parts) },
    { name: 'lost master locks', step: () => stepLockRecoveries(locking) },
    { name: 'drills', step: drillSchedule(parts, parts.drills) },
    { name: 'proofs', step: proofWatch(parts) },
    { name: 'audit', step: auditWork(parts) },
    { name: 'escalations', step: escalationWork(parts, (error) => onFailure('escalations', error)) },
    { name: 'replaced wallets', step: replacedWatch(paying) },
    { name: 'cold windows', step: windowWatch(parts) },
    { name: 'transfers', step: () => stepTransfers(parts) },
    { name: 'webhook changes', step: () => settleWebhookChanges({ ...webhooks, queue: paying.queue }) },
    { name: 'webhooks', step: () => fanOut(webhooks) },
    ...Array.from({ length: WEBHOOKS_AT_ONCE }, () => ({
      name: 'deliveries',
      step: () => deliverOne(webhooks),
    })),
    ...noticeWorks({ ...parts, hash: parts.webhooks.hash }),
    { name: 'treasury', step: treasuryWork(paying, (error) => onFailure('treasury', error)) },
    { name: 'withdrawals', step: () => stepWithdrawals(paying, (error) => onFailure('withdrawals', error)) },
  ];
}

function holdNote(hold: ChainHold | null): string {
  return hold === null ? 'followed' : `HELD since ${hold.since.toISOString()}: ${hold.code}`;
}

function poolNote(levels: Awaited<ReturnType<typeof poolLevels>>): string {
  const low = lowPools(levels);
  const left = `${levels.cold} cold, ${levels.backup} backup`;
  return low.length === 0 ? left : `${left}; LOW: ${low.join(', ')}, make more keys at the stations`;
}

function drillNote({ wallets, overdue, unanswered }: DrillStatus): string {
  const waiting = unanswered === 0 ? '' : `; ${unanswered} drills wait for their sites`;
  if (overdue === 0) return `${wallets} wallets, all proved in time${waiting}`;
  return `OVERDUE: ${overdue} of ${wallets} wallets; run a recovery drill${waiting}`;
}

async function windowNote(parts: Parameters<typeof waitingForStation>[0] & ColdWindows): Promise<string> {
  const waiting = `${await waitingForStation(parts)} payouts wait for a station`;
  if (parts.coldWindows === null) return waiting;
  const { opensAtMs, closesAtMs } = windowToCome(parts.coldWindows, parts.clock.nowMs());
  return `${waiting}; the next window is ${isoTime(opensAtMs)} to ${isoTime(closesAtMs)}`;
}

function noticeNote({ senders }: Pick<NoticeWorkParts, 'senders'>): string {
  const missing = (['email', 'sms'] as const).filter((channel) => !senders.has(channel));
  return missing.length === 0 ? 'by mail and text message' : `NOT SET UP: ${missing.join(', ')}`;
}

/** What happens without anybody asking: following the chain, carrying withdrawals on, sealing, delivering. */
export async function startWorker(
  settings: SettingsOf<'worker'>,
  { log, fail }: RoleContext,
): Promise<StartedRole> {
  await requireCurrentSchema(parsePostgresUrl(settings.DATABASE_URL), 'app');
  const parts = openParts(settings);
  const { database, node, ledger } = parts;
  const stopping = new AbortController();
  // Every kind of work rests on it; that is no leak.
  setMaxListeners(0, stopping.signal);
  const options = {
    signal: stopping.signal,
    onFailure: (component: string, error: unknown) => log.error('work failed', { component, error }),
  };
  const working = Promise.all([
    runSealer(database, [AUDIT_STREAM, EVENT_STREAM], options),
    ...works(parts, options.onFailure).map((work) => runWorkLoop(work, options)),
  ]);
  working.catch(fail);
  const registry = new Registry();
  registerPoolMetric(registry, () => poolLevels(database, parts.network));
  registerDrillMetric(registry, parts);
  registerLockMetrics(registry, database);
  registerDepositMetric(registry, () => refusedDeposits(database));
  registerHoldMetric(registry, () => readChainHold(database, WORKER_FOLLOWER, new Date(systemClock.nowMs())));
  return {
    facts: {},
    checks: async () => {
      await database.$queryRaw`SELECT 1`;
      const { tip } = await node.status();
      const hold = await readChainHold(database, WORKER_FOLLOWER, new Date(systemClock.nowMs()));
      return [
        { name: 'database', ok: true, note: 'answers' },
        { name: 'node', ok: true, note: `height ${tip.height}` },
        // The process is well and must not be restarted; credits and payouts wait for the chain.
        { name: 'chain', ok: true, note: holdNote(hold) },
        // An alarm for officers, not a reason to stop working.
        { name: 'key pools', ok: true, note: poolNote(await poolLevels(database, parts.network)) },
        { name: 'cold windows', ok: true, note: await windowNote(parts) },
        { name: 'notices', ok: true, note: noticeNote(parts) },
        { name: 'recovery drills', ok: true, note: drillNote(await drillStatus(parts)) },
      ];
    },
    metrics: () => registry.metrics(),
    stop: async () => {
      stopping.abort();
      await working;
      ledger.close();
      await database.$disconnect();
    },
  };
}
