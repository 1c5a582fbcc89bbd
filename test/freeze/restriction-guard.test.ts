import { expect, test } from 'vitest';
import { SETTINGS_OPERATIONS } from '../../src/freeze/restriction-guard.ts';
import { Caller, newCustomer, PASSWORD, useBank } from '../identity/support/bank.ts';

const bank = useBank();

const KEY = { label: 'Shop', scopes: ['identity:read', 'transfers:read'], password: PASSWORD };

async function withKey() {
  const customer = await newCustomer(bank());
  const key = new Caller(bank());
  key.apiKey = (await customer.caller.send('POST', '/v1/api-keys', KEY)).body['key'] as string;
  return { ...customer, key };
}

test('a customer who locks the API keys keeps the session, and the keys do nothing', async () => {
  const { caller, key } = await withKey();
  expect((await key.send('GET', '/v1/me')).status).toBe(200);
  const locked = await caller.send('POST', '/v1/function-locks', { function: 'api' });
  expect(locked).toMatchObject({ status: 201, body: { kind: 'api_lock', state: 'freezing' } });
  const refused = await key.send('GET', '/v1/me');
  expect(refused).toMatchObject({ status: 403, body: { code: 'account_restricted' } });
  expect((await caller.send('GET', '/v1/me')).status).toBe(200);
});

test('a customer who locks the settings adds no key, and still takes one away', async () => {
  const { caller, key } = await withKey();
  const { body } = await caller.send('GET', '/v1/api-keys');
  const [first] = body['items'] as { id: string }[];
  await caller.send('POST', '/v1/function-locks', { function: 'settings' });
  const refused = await caller.send('POST', '/v1/api-keys', KEY);
  expect(refused).toMatchObject({ status: 403, body: { code: 'account_restricted' } });
  expect((await key.send('GET', '/v1/me')).status).toBe(200);
  expect((await caller.send('DELETE', `/v1/api-keys/${first!.id}`)).status).toBe(204);
});

/** What customers change that is neither money nor a setting: it ends something, tightens, or is about itself. */
const FREE = [
  ...['signOut', 'revokeSession', 'revokeApiKey', 'deleteWebhook', 'testWebhook', 'redeliverWebhook'],
  ...[
    'lockAccount',
    'lockFunction',
    'unlockRestriction',
    'revokeMasterLock',
    'cancelLockRecovery',
    'deepFreezeAccount',
    'closeOwnAccount',
    'cancelWithdrawal',
    'cancelWebhookChange',
    'issueRecoveryKit',
    'removeDestination',
    'submitBundle',
  ],
];
/** Refused where money is: inside the transaction that acts. */
const MONEY = [
  ...['requestWallet', 'rotateWallet', 'createAddress', 'createSpendingAddress'],
  ...['createTransfer', 'createWithdrawal', 'signWithdrawal'],
];

test('of every operation with which customers change something, somebody has said whether a lock refuses it', () => {
  const paths = bank().api.document['paths'] as Record<string, Record<string, unknown>>;
  const changing = Object.values(paths).flatMap((item) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const { operationId, 'x-trilock-access': access } = operation as Record<string, string | string[]>;
      return method !== 'get' && access?.includes('customer') ? [operationId as string] : [];
    }),
  );
  const said = [...FREE, ...MONEY, ...SETTINGS_OPERATIONS];
  expect(changing.filter((name) => !said.includes(name))).toEqual([]);
  expect(said.filter((name) => !changing.includes(name))).toEqual([]);
});
