import { handleOnce, type BoundOperation } from '../http/index.ts';
import { confirmPassword } from './confirm-password.ts';
import { createApiKey, registerIntegrator, requireIntegrator } from './api-key.ts';
import { requireCustomer, requireSession } from './caller.ts';
import * as contract from './identity-contract.ts';
import type { IdentityParts } from './identity.ts';
import { preparePassword, registerCustomer, registerStaff } from './register.ts';

function customers(parts: IdentityParts): BoundOperation[] {
  return [
    handleOnce(contract.registerCustomer, async ({ body, clientAddress }, effect) => {
      await parts.throttles.registration.take(clientAddress);
      const { email, displayName } = body;
      const passwordHash = await preparePassword(body.password, email);
      return await effect.commit(async (tx) => {
        const id = effect.id('customer');
        const createdAt = new Date(parts.clock.nowMs());
        await registerCustomer(tx, id, { email, displayName }, passwordHash, createdAt);
        return { status: 201, body: { id, email, displayName, createdAt } };
      });
    }),
    handleOnce(contract.registerStaff, async ({ body }, effect) => {
      const { email, displayName, roles } = body;
      const passwordHash = await preparePassword(body.password, email);
      return await effect.commit(async (tx) => {
        const id = effect.id('staff');
        const createdAt = new Date(parts.clock.nowMs());
        await registerStaff(tx, id, { email, displayName, roles }, passwordHash, createdAt);
        return { status: 201, body: { id, email, displayName, roles, createdAt } };
      });
    }),
  ];
}

function keys(parts: IdentityParts): BoundOperation[] {
  return [
    handleOnce(contract.createApiKey, async ({ body, principal, clientAddress }, effect) => {
      const owner = { kind: 'customer', id: requireCustomer(principal) } as const;
      await confirmPassword(parts, owner, body.password, clientAddress);
      return await effect.commit(async (tx) => {
        const { label, scopes, expiresAt = null } = body;
        const wish = { id: effect.id('credential'), label, scopes, expiresAt };
        const { apiKey, key } = await createApiKey(tx, owner, wish, new Date(parts.clock.nowMs()));
        const shown = { ...apiKey, scopes: [...apiKey.scopes] };
        return { status: 201, body: { apiKey: shown, key }, replayBody: { apiKey: shown, key: null } };
      });
    }),
    handleOnce(contract.registerIntegrator, async ({ body }, effect) =>
      effect.commit(async (tx) => {
        const id = effect.id('integrator');
        const createdAt = new Date(parts.clock.nowMs());
        await registerIntegrator(tx, id, body.name, createdAt);
        return { status: 201, body: { id, name: body.name, createdAt } };
      }),
    ),
    handleOnce(contract.createIntegratorKey, async ({ body, params, principal, clientAddress }, effect) => {
      const { person } = requireSession(principal);
      await confirmPassword(parts, person, body.password, clientAddress);
      return await effect.commit(async (tx) => {
        await requireIntegrator(tx, params.integratorId);
        const owner = { kind: 'integrator', id: params.integratorId } as const;
        const { label, scopes, expiresAt = null } = body;
        const wish = { id: effect.id('credential'), label, scopes, expiresAt };
        const { apiKey, key } = await createApiKey(tx, owner, wish, new Date(parts.clock.nowMs()));
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
