import type { Database } from '../../database/index.ts';
import type { WebhookParts } from '../../events/index.ts';
import { createKeyedHash } from '../../http/index.ts';
import type { LedgerClient } from '../../ledger/client/index.ts';
import { SharedError, type CustomerId } from '../../shared/index.ts';
import { readBalances, vaultWalletsOf } from '../../wallets/index.ts';
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

/** Whether a customer holds so much that others must approve where their messages go. @throws LedgerError. */
export function needsWebhookApproval({
  database,
  ledger,
  webhookApprovalSatoshis: threshold,
}: {
  readonly database: Database;
  readonly ledger: LedgerClient;
  readonly webhookApprovalSatoshis?: bigint | undefined;
}): (customer: CustomerId) => Promise<boolean> {
  return async (customer) => {
    if (threshold === undefined) return false;
    if (threshold === 0n) return true;
    const wallets = await vaultWalletsOf(database, customer);
    const { spending, vaults } = await readBalances(ledger, customer, wallets);
    const held = [spending, ...vaults].reduce((sum, { posted }) => sum + posted, 0n);
    return held >= threshold;
  };
}
