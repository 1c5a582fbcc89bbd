import { CRASH_POINTS, type CrashPoint } from '../../../src/shared/index.ts';
import type { FaultRole } from './fault-household.ts';

type Killable = Exclude<FaultRole, 'node'> | 'courier';

const ASKED: readonly CrashPoint[] = [
  'withdrawal.request_written',
  'wallet.request_written',
  'restriction.written',
];

/** Which process passes a point, told by its name. */
export function roleOf(point: CrashPoint): Killable {
  if (point === 'station.signed' || point === 'bundle.signature_written') return 'courier';
  const [area = ''] = point.split('.');
  if (area === 'signer' || area === 'witness' || area === 'ledger') return area;
  return /^(intent|transfer|http)\./.test(point) || ASKED.includes(point) ? 'api' : 'worker';
}

/** The points of a role in the order in which a customer's story passes them. */
export function pointsOf(role: Killable): CrashPoint[] {
  return CRASH_POINTS.filter((point) => roleOf(point) === role);
}

/** Points that only these deeds pass; the others are passed by whoever is paid, pays and withdraws. */
export const SPECIAL = {
  opening: CRASH_POINTS.filter(
    (point) => point.startsWith('wallet.') || /^signer\.(key|wallet)_/.test(point),
  ),
  batched: [
    'withdrawal.batch_built',
    'withdrawal.abandoned',
    'withdrawal.unbuilt',
    'signer.abandonment_recorded',
    'intent.cancellation_written',
    'withdrawal.revoked',
    'withdrawal.hold_released',
    'signer.revocation_recorded',
  ],
  frozen: CRASH_POINTS.filter(
    (point) => point.startsWith('restriction.') || /^signer\.(restriction|release)_/.test(point),
  ),
} as const satisfies Record<string, readonly CrashPoint[]>;
export type SpecialDeed = keyof typeof SPECIAL;

/** The deed that alone passes a point; undefined when everyday life does. */
export function specialDeedFor(point: CrashPoint): SpecialDeed | undefined {
  const points: Readonly<Record<SpecialDeed, readonly CrashPoint[]>> = SPECIAL;
  return (Object.keys(points) as SpecialDeed[]).find((deed) => points[deed].includes(point));
}
