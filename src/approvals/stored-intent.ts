import type { Approval, Intent, IntentKind, IntentOf, RequestSignature } from '../intents/index.ts';
import type { IntentId } from '../shared/index.ts';
import { ApprovalError } from './errors.ts';

/** Where an intent of any kind stands in the queue. */
export const QUEUE_STATES = [
  /** Written down by the server, not signed by whoever asks. */
  'draft',
  /** Signed; waits for approvals. */
  'open',
  'approved',
  /** Its kind has begun what people cannot take back; the queue has no say any more. */
  'executed',
  'rejected',
  'cancelled',
  'expired',
] as const;

export type QueueState = (typeof QUEUE_STATES)[number];

/** An intent as the queue keeps it: read from its canonical bytes, whose hash was compared. */
export interface StoredIntent<I extends Intent = Intent> {
  readonly intent: I;
  readonly id: IntentId;
  readonly hash: string;
  readonly state: QueueState;
  readonly version: number;
  readonly request: RequestSignature | null;
  /** Approvals count for one round only; a new one begins when those given so far became void. */
  readonly round: number;
  readonly approvals: readonly Approval[];
  readonly reason: string | null;
  readonly changedAt: Date;
}

export const QUEUE_COMMANDS = [
  'sign',
  'approve',
  'reject',
  'cancel',
  'expire',
  'execute',
  'recall',
  'void',
] as const;
export type QueueCommand = (typeof QUEUE_COMMANDS)[number];

/** State, command, next. What is not here is refused. An approval short of the quorum leaves the state as it is. */
export const QUEUE_TABLE = {
  draft: { sign: 'open', cancel: 'cancelled', expire: 'expired' },
  open: { approve: 'approved', reject: 'rejected', cancel: 'cancelled', expire: 'expired', void: 'open' },
  approved: { reject: 'rejected', cancel: 'cancelled', expire: 'expired', execute: 'executed', void: 'open' },
  // Only its kind does so, when it is certain that nothing of it will ever take effect.
  executed: { recall: 'approved' },
  rejected: {},
  cancelled: {},
  expired: {},
} as const satisfies Record<QueueState, Partial<Record<QueueCommand, QueueState>>>;

/** What a command depends on besides the state. */
export interface QueueFacts {
  readonly nowMs: number;
  /** After this approval: whether enough people have approved. */
  readonly quorumMet?: boolean;
}

type Row = Partial<Record<QueueCommand, QueueState>>;

const ENDED: Partial<Record<QueueState, string>> = {
  executed: 'It is being carried out already.',
  rejected: 'It has been rejected.',
  cancelled: 'It has been cancelled.',
  expired: 'It has expired.',
};

/**
 * The state after a command. @throws ApprovalError `queued_intent_settled` when the state does not take the command,
 * also because time is up (or not yet up, for `expire`); `queued_intent_not_signed` for a draft that is approved.
 */
export function decide(
  { state, intent }: Pick<StoredIntent, 'state' | 'intent'>,
  command: QueueCommand,
  { nowMs, quorumMet = false }: QueueFacts,
): QueueState {
  const next = (QUEUE_TABLE[state] as Row)[command];
  const isOver = nowMs >= Date.parse(intent.expiresAt);
  if (next === undefined) {
    if (state === 'draft') {
      throw new ApprovalError('queued_intent_not_signed', 'Whoever asks for it has not signed it yet.');
    }
    throw new ApprovalError('queued_intent_settled', ENDED[state] ?? 'This is not possible any more.', {
      details: { state, command },
    });
  }
  if (command === 'expire' && !isOver) {
    throw new ApprovalError('queued_intent_settled', 'Its time is not up yet.', {
      details: { state, command },
    });
  }
  if (isOver && (command === 'sign' || command === 'approve' || command === 'execute')) {
    throw new ApprovalError('queued_intent_settled', 'Its time is up.', { details: { state, command } });
  }
  return command === 'approve' && !quorumMet ? state : next;
}

/** An intent of one kind. @throws ApprovalError `queued_intent_damaged` for one of another. */
export function requireKind<Kind extends IntentKind>(
  stored: StoredIntent,
  kind: Kind,
): StoredIntent<IntentOf<Kind>> {
  const { intent } = stored;
  if (intent.kind !== kind) {
    throw new ApprovalError('queued_intent_damaged', 'This intent is of another kind.', {
      details: { intent: stored.id, expected: kind, kind: intent.kind },
    });
  }
  return { ...stored, intent: intent as IntentOf<Kind> };
}

/** Whether people have no say any more. */
export function isSettled(state: QueueState): boolean {
  return state in ENDED;
}
