import { isoTime, type Clock } from '../shared/index.ts';
import type { Status } from './status-contract.ts';

/** What the caller has observed of each part; `health` and `observedAt` follow from it. */
export type StatusFacts = Omit<Status, 'health' | 'observedAt'>;

function healthOf(facts: StatusFacts): Status['health'] {
  if (facts.database.state === 'down' || facts.ledger.state === 'down') return 'down';
  const allRunning = facts.processes.every((process) => process.state === 'running');
  const allCurrent = facts.node.state === 'up' && facts.ledger.state === 'leading';
  return allRunning && allCurrent ? 'ok' : 'degraded';
}

/** The public status of an installation: its parts as observed now, and one word over all of them. */
export function statusFrom(facts: StatusFacts, clock: Clock): Status {
  return { ...facts, health: healthOf(facts), observedAt: isoTime(clock.nowMs()) };
}
