import { randomBytes } from 'node:crypto';
import type { IntentKind, IntentOf } from '../intents/index.ts';
import { isoTime, type IntentId } from '../shared/index.ts';
import type { ApprovalQueueParts } from './queue-parts.ts';

/** An intent that nobody has approved by then is asked for again, unless its kind says otherwise. */
const LIFETIME_MS = 24 * 3_600_000;

export interface Draft<Kind extends IntentKind> {
  readonly kind: Kind;
  readonly id: IntentId;
  readonly requester: IntentOf<Kind>['requester'];
  readonly body: IntentOf<Kind>['body'];
  /** 24 hours unless said otherwise. */
  readonly lifetimeMs?: number;
}

/** The intent of somebody's wish, from now on, with a nonce of its own. Nothing is stored. */
export function draftIntent<Kind extends IntentKind>(
  { clock, network }: Pick<ApprovalQueueParts, 'clock' | 'network'>,
  policy: { readonly number: number; readonly hash: string },
  { kind, id, requester, body, lifetimeMs = LIFETIME_MS }: Draft<Kind>,
): IntentOf<Kind> {
  const nowMs = clock.nowMs();
  const intent: unknown = {
    ...{ version: 1, kind, id, network, requester, body },
    policyVersion: policy.number,
    policyHash: policy.hash,
    createdAt: isoTime(nowMs),
    expiresAt: isoTime(nowMs + lifetimeMs),
    nonce: randomBytes(16).toString('hex'),
  };
  return intent as IntentOf<Kind>;
}
