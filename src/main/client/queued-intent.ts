import { getIntent } from '../../approvals/approval-contract.ts';
import { explainIntent, intentHash, parseIntent } from '../../intents/index.ts';
import { SharedError } from '../../shared/index.ts';
import { confirmHash } from '../terminal/confirm-hash.ts';
import type { Connection } from './connect.ts';

/**
 * Fetches an intent, says what it is from its own words, and has the first digits of its hash typed.
 * @returns the hash, computed here. @throws SharedError `config_invalid` when the API shows another intent than was
 * asked for, or the digits differ.
 */
export async function confirmQueuedIntent(
  { api }: Connection,
  intentId: string,
  verb: string,
  given: string | undefined,
): Promise<string> {
  const queued = await api.call(getIntent, { params: { intentId } });
  const intent = parseIntent(queued.intent);
  const hash = intentHash(intent);
  if (intent.id !== intentId || hash !== queued.hash) {
    throw new SharedError(
      'config_invalid',
      'The API shows another intent than was asked for; nothing was signed.',
    );
  }
  await confirmHash(explainIntent(intent), hash, verb, given);
  return hash;
}
