import { handleOnce, type BoundOperation } from '../http/index.ts';
import { confirmPassword } from './confirm-password.ts';
import { createApiKey, registerIntegrator, requireIntegrator } from './api-key.ts';
import { originOf, requireCustomer, requireSession } from './caller.ts';
import { record } from './identity-audit.ts';
import * as contract from './identity-contract.ts';
import type { IdentityParts } from './identity.ts';
import { preparePassword, registerCustomer, registerStaff } from './register.ts';

function customers(parts: IdentityParts): BoundOperation[] {
  return [
    handleOnce(contract.registerCustomer, async (request, effect) => {
      await parts.throttles.registration.take(request.clientAddress);
      const { body } = request;
      const { email, displayName } = body;
      const passwordHash = await preparePassword(body.password, email);
      return await effect.commit(async (tx) => {
        const id = effect.id('customer');
        const createdAt = new Date(parts.clock.nowMs());
        const when = { now: createdAt, origin: originOf(request) };
        await registerCustomer(tx, id, { email, displayName }, passwordHash, when);
        return { status: 201, body: { id, email, displayName, createdAt } };
      });
    }),
    handleOnce(contract.registerStaff, async (request, effect) => {
      const { body } = request;
      const { email, displayName } = body;
      const passwordHash = await preparePassword(body.password, email);
      return await effect.commit(async (tx) => {
        const id = effect.id('staff');
        const createdAt = new Date(parts.clock.nowMs());
        const when = { now: createdAt, origin: originOf(request) };
        const account = { email, displayName, roles: [] };
        await registerStaff(tx, parts.seals, id, account, passwordHash, when);
        return { status: 201, body: { ...account, id, createdAt } };
      });
    }),
  ];
}

function keys(parts: IdentityParts): BoundOperation[] {
  return [
    handleOnce(contract.createApiKey, async (request, effect) => {
      const { body } = request;
      const owner = { kind: 'customer', id: requireCustomer(request.principal) } as const;
      const origin = originOf(request);
      await confirmPassword(parts, owner, body.password, origin);
      return await effect.commit(async (tx) => {
        const { label, scopes, expiresAt = null } = body;
        const wish = { id: effect.id('credential'), label, scopes, expiresAt };
        const { apiKey, key } = await createApiKey(tx, parts, owner, wish, origin);
        const shown = { ...apiKey, scopes: [...apiKey.scopes] };
        return { status: 201, body: { apiKey: shown, key }, replayBody: { apiKey: shown, key: null } };
      });
    }),
    handleOnce(contract.registerIntegrator, async (request, effect) =>
      effect.commit(async (tx) => {
        const id = effect.id('integrator');
        const { name } = request.body;
        const createdAt = new Date(parts.clock.nowMs());
        await registerIntegrator(tx, id, name, createdAt);
        await record(tx, parts, originOf(request), 'integrator.register', id, { name });
        return { status: 201, body: { id, name, createdAt } };
      }),
    ),
    handleOnce(contract.createIntegratorKey, async (request, effect) => {
      const { body, params } = request;
      const { person } = requireSession(request.principal);
      const origin = originOf(request);
      await confirmPassword(parts, person, body.password, origin);
      return await effect.commit(async (tx) => {
        await requireIntegrator(tx, params.integratorId);
        const owner = { kind: 'integrator', id: params.integratorId } as const;
        const { label, scopes, expiresAt = null } = body;
        const wish = { id: effect.id('credential'), label, scopes, expiresAt };
        const { apiKey, key } = await createApiKey(tx, parts, owner, wish, origin);
        const shown = { ...apiKey, scopes: [...apiKey.scopes] };
        return { status: 201, body: { apiKey: shown, key }, replayBody: { apiKey: shown, key: null } };
      });
    }),
  ];
}

/** What makes people, integrators and keys. */
export function registrationRoutes(parts: IdentityParts): BoundOperation[] {
  return [...customers(parts), ...keys(parts)];
}
