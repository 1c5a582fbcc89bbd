import type { Database } from '../database/index.ts';
import { inTransaction } from '../database/index.ts';
import { raiseAlert, type NewAlert } from '../events/index.ts';
import { isDomainError, type Clock } from '../shared/index.ts';
import type { QueueActor } from './queue-parts.ts';

/**
 * What honest people and programs of ours do not cause: stored words that differ from what was signed, signatures
 * that are not who they say, transactions that are not what was approved, things of the signer's that are unknown
 * to it. Refusals that time, fees or other people's haste explain are none.
 */
const SUSPICIOUS =
  /^(signature|approval|approver|approvals|request|bundle|receipt|registration|key|psbt|payments|change|sighash|input|descriptor|previous|variant)_|_damaged$/;
const ALSO_SUSPICIOUS = new Set([
  'signer_answer_wrong',
  'signer_sealed',
  'signing_key_foreign',
  'second_opinion_differs',
  'transaction_malformed',
  'locktime_refused',
  'wallet_unknown',
  'wallet_registered_otherwise',
  'platform_key_foreign',
  'credentials_differ',
  'credential_unknown',
  'cosigner_signature_missing',
  'signing_order_wrong',
  'intent_malformed',
  'clock_set_back',
  'passkey_cloned',
  'intent_revoked',
  'intent_consumed',
  'intent_wrong_network',
  'outpoint_promised',
  'coins_differ',
  'move_not_pinned',
  'hot_cap_exceeded',
  'refill_not_allowed',
]);
/** Haste, age and slips. */
const HARMLESS = new Set([
  'approval_already_given',
  'approval_denied_by_policy',
  'bundle_not_awaited',
  'bundle_signature_missing',
  'receipt_missing',
]);

/** Whether operators must hear of a refusal. */
export function isSuspicious(code: string): boolean {
  return (SUSPICIOUS.test(code) || ALSO_SUSPICIOUS.has(code)) && !HARMLESS.has(code);
}

/**
 * Does the work; when it is refused as suspicious, an alert is raised in a transaction of its own, since that of the
 * work is rolled back. @throws whatever the work throws.
 */
export async function withAlarm<T>(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  about: Pick<NewAlert, 'subject' | 'during'>,
  by: QueueActor,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (isDomainError(thrown) && isSuspicious(thrown.code)) {
      const { code, message: text } = thrown;
      await inTransaction(database, (tx) => raiseAlert(tx, { ...about, code, text }, by, clock));
    }
    throw thrown;
  }
}
