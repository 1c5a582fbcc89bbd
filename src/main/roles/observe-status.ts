import type { ChainNode } from '../../chain/index.ts';
import type { LedgerClient } from '../../ledger/client/index.ts';
import type { Pool } from '../../postgres/index.ts';
import { isoTime, type Clock } from '../../shared/index.ts';
import { PROCESS_ROLES, type Status, type StatusFacts } from '../../status/index.ts';
import { probe } from './probe.ts';

/** On other networks than regtest, where blocks come when asked for, a tip older than this is stale. */
const STALE_TIP_MS = 2 * 3_600_000;

/** A page about what is down must not wait for it as long as a transfer would. */
const PATIENCE_MS = 2_000;

async function soon<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new RangeError('no answer in time')), PATIENCE_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface StatusSources {
  readonly version: string;
  readonly network: Status['node']['network'];
  readonly pool: Pool;
  readonly node: ChainNode;
  readonly ledger: LedgerClient;
  /** Monitor endpoints of the other processes, by role. */
  readonly monitors: ReadonlyMap<string, string>;
  /** What the API itself says. */
  readonly self: { readonly startedAt: string; readonly restarts: number };
  readonly clock: Clock;
}

async function observeProcesses(sources: StatusSources): Promise<StatusFacts['processes']> {
  const others = PROCESS_ROLES.filter((role) => sources.monitors.has(role));
  const observed = await Promise.all(
    others.map(async (role) => {
      const answer = await probe(sources.monitors.get(role) ?? '');
      if (answer === undefined) return { role, state: 'unreachable' as const, startedAt: null, restarts: 0 };
      const { startedAt, restarts, ready } = answer;
      return { role, state: ready ? ('running' as const) : ('starting' as const), startedAt, restarts };
    }),
  );
  return [{ role: 'api', state: 'running', ...sources.self }, ...observed];
}

async function observeDatabase({ pool, clock }: StatusSources): Promise<StatusFacts['database']> {
  const askedAtMs = clock.nowMs();
  try {
    const { rows } = await soon(pool.query<{ server_version: string }>('SHOW server_version'));
    return {
      state: 'up',
      serverVersion: rows[0]?.server_version.split(' ')[0] ?? null,
      answeredInMs: Math.max(clock.nowMs() - askedAtMs, 0),
    };
  } catch {
    return { state: 'down', serverVersion: null, answeredInMs: null };
  }
}

async function observeNode({ node, network, clock }: StatusSources): Promise<StatusFacts['node']> {
  try {
    const { software, tip, initialSync } = await soon(node.status());
    const { header } = await soon(node.header(tip.hash));
    const timeMs = header.time * 1_000;
    const stale = initialSync || clock.nowMs() - timeMs > STALE_TIP_MS;
    return {
      state: network !== 'regtest' && stale ? 'stale' : 'up',
      network,
      implementation: software,
      tip: { ...tip, time: isoTime(timeMs) },
    };
  } catch {
    return { state: 'down', network, implementation: null, tip: null };
  }
}

async function observeLedger({ ledger }: StatusSources): Promise<StatusFacts['ledger']> {
  try {
    const { sequence, hash } = await soon(ledger.status());
    return { state: 'leading', sequence: sequence.toString(), headHash: Buffer.from(hash).toString('hex') };
  } catch {
    return { state: 'down', sequence: null, headHash: null };
  }
}

/** Looks at every part at once. It never fails: what does not answer is what it reports. */
export async function observeStatus(sources: StatusSources): Promise<StatusFacts> {
  const [processes, database, node, ledger] = await Promise.all([
    observeProcesses(sources),
    observeDatabase(sources),
    observeNode(sources),
    observeLedger(sources),
  ]);
  return { version: sources.version, processes, database, node, ledger };
}
