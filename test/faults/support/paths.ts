import { CRASH_POINTS, type CrashPoint } from '../../../src/shared/index.ts';
import type { FaultRole } from './fault-household.ts';

type Killable = Exclude<FaultRole, 'node'> | 'courier';

/** Which process passes a point, told by its name. */
export function roleOf(point: CrashPoint): Killable {
  if (point === 'station.signed' || point === 'bundle.signature_written') return 'courier';
  const [area = ''] = point.split('.');
  if (area === 'signer' || area === 'witness' || area === 'ledger') return area;
  const isAsked = /^(intent|transfer|http)\./.test(point) || point === 'withdrawal.request_written';
  return isAsked ? 'api' : 'worker';
}

/** The points of a role in the order in which a customer's story passes them. */
export function pointsOf(role: Killable): CrashPoint[] {
  return CRASH_POINTS.filter((point) => roleOf(point) === role);
}

/** Those that are passed only when something is cancelled. */
export const OF_CANCELLING: readonly CrashPoint[] = [
  'intent.cancellation_written',
  'withdrawal.revoked',
  'withdrawal.hold_released',
  'signer.revocation_recorded',
];
