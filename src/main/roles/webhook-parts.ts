import type { WebhookParts } from '../../events/index.ts';
import { createKeyedHash } from '../../http/index.ts';
import { SharedError } from '../../shared/index.ts';
import type { SettingsOf } from '../settings/index.ts';

type WebhookSettings = Pick<
  SettingsOf<'api'> & SettingsOf<'worker'>,
  'TRILOCK_NETWORK' | 'TRILOCK_WEBHOOK_LOOPBACK' | 'TRILOCK_WEBHOOK_SECRETS'
>;

/** @throws SharedError `config_invalid` for messages to this machine on any network where money is real. */
export function webhookParts(settings: WebhookSettings): Pick<WebhookParts, 'hash' | 'allowLoopback'> {
  const allowLoopback = settings.TRILOCK_WEBHOOK_LOOPBACK === 'yes';
  if (allowLoopback && settings.TRILOCK_NETWORK !== 'regtest') {
    throw new SharedError('config_invalid', 'TRILOCK_WEBHOOK_LOOPBACK may be yes on regtest only.');
  }
  return { hash: createKeyedHash(settings.TRILOCK_WEBHOOK_SECRETS), allowLoopback };
}
