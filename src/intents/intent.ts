import { IntentError } from './errors.ts';
import { intentSchema, type Intent, type WithdrawalIntent } from './intent-contract.ts';
import { rulesOf } from './kinds/index.ts';
import { hashStatement, hex } from './tagged-hash.ts';

const INTENT_TAG = 'trilock/intent/1';

/** A clock may differ by this much between the one who writes and the one who checks. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** No intent lives longer: it must outlast the next cold window, and no more. */
export const MAX_INTENT_LIFETIME_MS = 14 * 24 * 3_600_000;

/** @throws IntentError `intent_malformed`: unknown fields, wrong types, a payment of nothing, a wrong lifetime. */
export function parseIntent(value: unknown): Intent {
  const parsed = intentSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new IntentError('intent_malformed', 'This is not an intent.', {
      details: { path: issue?.path.join('.') ?? '', reason: issue?.message ?? '' },
    });
  }
  const intent = parsed.data;
  const lifetime = Date.parse(intent.expiresAt) - Date.parse(intent.createdAt);
  if (lifetime <= 0 || lifetime > MAX_INTENT_LIFETIME_MS) {
    throw new IntentError('intent_malformed', 'An intent lives at least a moment and at most 14 days.');
  }
  rulesOf(intent).check?.(intent);
  return intent;
}

/** An intent where only a withdrawal belongs. @throws IntentError `intent_malformed` for one of another kind. */
export function withdrawalIntentOf(intent: Intent): WithdrawalIntent {
  if (intent.kind === 'withdrawal') return intent;
  throw new IntentError('intent_malformed', 'This is not the intent of a withdrawal.', {
    details: { kind: intent.kind },
  });
}

/** What is approved and signed: 32 bytes, hex. */
export function intentHash(intent: Intent): string {
  return hex(hashStatement(INTENT_TAG, intent));
}

/** @throws IntentError `intent_wrong_network`, `intent_expired`, `intent_from_the_future`. */
export function checkIntentCurrent(intent: Intent, network: Intent['network'], nowMs: number): void {
  if (intent.network !== network) {
    throw new IntentError('intent_wrong_network', `The intent is for ${intent.network}, not ${network}.`);
  }
  if (nowMs >= Date.parse(intent.expiresAt)) {
    throw new IntentError('intent_expired', 'The intent has expired.', {
      details: { expiresAt: intent.expiresAt },
    });
  }
  if (Date.parse(intent.createdAt) > nowMs + CLOCK_TOLERANCE_MS) {
    throw new IntentError('intent_from_the_future', 'The intent was made in the future.', {
      // One of two clocks is wrong, and that passes.
      retryable: true,
      details: { createdAt: intent.createdAt },
    });
  }
}
