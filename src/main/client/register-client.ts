import type { Command } from 'commander';
import { settingsHelp } from '../settings/index.ts';
import { registerAccount } from './account.ts';
import { registerAddressBook } from './address-book.ts';
import { registerAddresses } from './addresses.ts';
import { registerApiKeys } from './api-keys.ts';
import { registerApprovals } from './approvals.ts';
import { registerAuditCommands } from './audit.ts';
import { registerBreakers } from './breakers.ts';
import { registerBundles } from './bundles.ts';
import { registerCredentials } from './credentials.ts';
import { registerDeepFreezes } from './deep-freezes.ts';
import { registerDeposits } from './deposits.ts';
import { registerEvidence } from './evidence.ts';
import { registerEvents } from './events.ts';
import { registerLimits } from './limits.ts';
import { registerLists } from './lists.ts';
import { registerLocks } from './locks.ts';
import { registerLegalHolds } from './legal-holds.ts';
import { registerNotices } from './notices.ts';
import { registerPolicy } from './policy.ts';
import { registerRestrictions } from './restrictions.ts';
import { registerStaffCommands } from './staff.ts';
import { registerTransfers } from './transfers.ts';
import { registerTreasury } from './treasury.ts';
import { registerWallets } from './wallets.ts';
import { registerWebhooks } from './webhooks.ts';
import { registerWithdrawals } from './withdrawals.ts';

const EXIT_HELP = [
  '',
  'Exit status: 0 done, 1 refused, 75 nobody answered or try later, 77 sign in or not allowed, 78 wrong words.',
].join('\n');

/** `trilock client …`: everything that the REST API does, from a terminal. It needs no database and no configuration. */
export function registerClient(trilock: Command): void {
  const client = trilock
    .command('client')
    .description('all that customers, integrators and staff do over the REST API, from a terminal')
    .addHelpText('after', `${settingsHelp('client')}\n${EXIT_HELP}`);
  registerAccount(client);
  registerCredentials(client);
  registerLocks(client);
  registerWallets(client);
  registerAddresses(client);
  registerAddressBook(client);
  registerDeposits(client);
  registerTransfers(client);
  registerWithdrawals(client);
  registerBundles(client);
  registerWebhooks(client);
  registerEvents(client);
  registerApiKeys(client);
  registerApprovals(client);
  registerRestrictions(client);
  registerEvidence(client);
  registerPolicy(client);
  registerDeepFreezes(client);
  registerLimits(client);
  registerLists(client);
  registerBreakers(client);
  registerAuditCommands(client);
  registerLegalHolds(client);
  registerTreasury(client);
  registerNotices(client);
  registerStaffCommands(client);
}
