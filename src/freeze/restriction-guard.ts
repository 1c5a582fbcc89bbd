import type { Database } from '../database/index.ts';
import type { Principal } from '../http/index.ts';
import { requireCustomer } from '../identity/index.ts';
import { requireAllowed } from './require-allowed.ts';

/**
 * What would change who can act for a customer, who is told, or who may be paid. Ending something (a session, an API
 * key, a webhook, an entry of the address book) is none of it: that takes power away, and stays possible.
 */
export const SETTINGS_OPERATIONS: ReadonlySet<string> = new Set([
  'renameMe',
  'changePassword',
  'beginSecondFactor',
  'confirmSecondFactor',
  'removeSecondFactor',
  'createApiKey',
  'addSigningCredential',
  'registerMasterLock',
  'setNoticePhone',
  'addDestination',
  'setAllowList',
  'createWebhook',
  'updateWebhook',
  'requestWebhookChange',
  'signWebhookChange',
  'rotateWebhookSecret',
]);

/**
 * For every request of a customer: refuses API keys where `api` is taken away, and changes of settings where
 * `settings` are. @returns what `createApi` calls first; it throws FreezeError `account_restricted`.
 */
export function restrictionGuard(database: Database) {
  return async ({ operationId }: { readonly operationId: string }, principal: Principal): Promise<void> => {
    if (principal.kind !== 'customer') return;
    const customer = requireCustomer(principal);
    if (principal.proof.kind === 'api_key') await requireAllowed(database, customer, 'api');
    if (SETTINGS_OPERATIONS.has(operationId)) await requireAllowed(database, customer, 'settings');
  };
}
