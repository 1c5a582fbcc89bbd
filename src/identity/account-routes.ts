import { handle, type BoundOperation, type Principal } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { idToUuid, parseId } from '../shared/index.ts';
import { accountOf, type Account } from './account-store.ts';
import { listApiKeys, revokeApiKey } from './api-key.ts';
import { originOf, personBehind, requireCustomer, requireSession } from './caller.ts';
import { changePassword } from './change-password.ts';
import { getCustomer, listCustomers, renamePerson } from './customer.ts';
import * as contract from './identity-contract.ts';
import type { IdentityParts } from './identity.ts';
import { beginSecondFactor, confirmSecondFactor, removeSecondFactor } from './second-factor.ts';

function meOf(principal: Principal, account: Account, csrfToken: string | null) {
  return {
    kind: principal.kind,
    id: principal.id,
    displayName: account.displayName,
    email: account.email,
    roles: [...principal.roles],
    secondFactor: account.totp?.confirmed === true,
    csrfToken,
  };
}

async function integratorMe(parts: IdentityParts, principal: Principal) {
  const id = idToUuid(parseId('integrator', principal.id));
  const { name, version } = await parts.database.integrator.findUniqueOrThrow({ where: { id } });
  const body = {
    kind: principal.kind,
    id: principal.id,
    displayName: name,
    email: null,
    roles: [...principal.roles],
    secondFactor: false,
    csrfToken: null,
  };
  return { status: 200 as const, body, version };
}

function me(parts: IdentityParts): BoundOperation[] {
  return [
    handle(contract.getMe, async ({ principal, csrfToken }) => {
      const person = personBehind(principal);
      if (person === null) return await integratorMe(parts, principal);
      const account = await accountOf(parts.database, person);
      return { status: 200, body: meOf(principal, account, csrfToken), version: account.version };
    }),
    handle(contract.renameMe, async (request) => {
      const { principal, csrfToken, body, ifMatchVersion } = request;
      const { person } = requireSession(principal);
      const origin = originOf(request);
      const account = await renamePerson(parts, person, ifMatchVersion, body.displayName, origin);
      return { status: 200, body: meOf(principal, account, csrfToken), version: account.version };
    }),
    handle(contract.changePassword, async (request) => {
      const { person, sessionId } = requireSession(request.principal);
      const change = { current: request.body.currentPassword, next: request.body.newPassword };
      await changePassword(parts, person, change, sessionId, originOf(request));
      return { status: 204 };
    }),
  ];
}

function secondFactor(parts: IdentityParts): BoundOperation[] {
  return [
    handle(contract.beginSecondFactor, async (request) => {
      const { person } = requireSession(request.principal);
      const { uri } = await beginSecondFactor(parts, person, request.body.password, originOf(request));
      return { status: 201, body: { uri } };
    }),
    handle(contract.confirmSecondFactor, async (request) => {
      const { person } = requireSession(request.principal);
      await confirmSecondFactor(parts, person, request.body.code, originOf(request));
      return { status: 204 };
    }),
    handle(contract.removeSecondFactor, async (request) => {
      const { person } = requireSession(request.principal);
      await removeSecondFactor(parts, person, request.body, originOf(request));
      return { status: 204 };
    }),
  ];
}

function lists(parts: IdentityParts): BoundOperation[] {
  return [
    handle(contract.listApiKeys, async ({ principal }) => {
      const owner = { kind: 'customer', id: requireCustomer(principal) } as const;
      const keys = await listApiKeys(parts, owner);
      return { status: 200, body: { items: keys.map((key) => ({ ...key, scopes: [...key.scopes] })) } };
    }),
    handle(contract.revokeApiKey, async (request) => {
      const owner = { kind: 'customer', id: requireCustomer(request.principal) } as const;
      await revokeApiKey(parts, owner, request.params.credentialId, originOf(request));
      return { status: 204 };
    }),
    handle(contract.listCustomers, async ({ query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const position = after === undefined ? null : parseId('customer', after);
      const { items, more } = await listCustomers(parts, limit, position);
      const last = items.at(-1);
      const nextCursor = more && last !== undefined ? cursors.encode([last.id]) : null;
      return { status: 200, body: { items, nextCursor } };
    }),
    handle(contract.getCustomer, async ({ params }) => {
      const customer = await getCustomer(parts, params.customerId);
      return { status: 200, body: customer, version: customer.version };
    }),
  ];
}

/** What people do about their own account, and what staff sees of customers. */
export function accountRoutes(parts: IdentityParts): BoundOperation[] {
  return [...me(parts), ...secondFactor(parts), ...lists(parts)];
}
