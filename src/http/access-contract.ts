import { STAFF_ROLES, type StaffRole } from '../shared/index.ts';

/**
 * Who may call an operation. Browser-safe: contracts and web pages import this file.
 * Everything that is not named here is refused (deny by default).
 */

export { STAFF_ROLES, type StaffRole };

/** Every role that a caller can have. `integrator` is an outside system with its own API keys. */
export const ROLES = ['customer', 'integrator', ...STAFF_ROLES] as const;

export type Role = (typeof ROLES)[number];

/** What an API key can be limited to. A key does nothing that its scopes do not name. */
export const SCOPES = [
  'identity:read',
  'identity:write',
  'wallets:read',
  'wallets:write',
  'deposits:read',
  'withdrawals:read',
  'withdrawals:write',
  'transfers:read',
  'transfers:write',
  'ledger:read',
  'events:read',
  'events:write',
] as const;

export type Scope = (typeof SCOPES)[number];

/** Anybody, signed in or not. The reason is part of the rule, so that a public route is never an accident. */
export interface PublicAccess {
  readonly kind: 'public';
  readonly reason: string;
}

/** Callers who hold one of `roles`. API keys need `scope`; without one the operation takes sessions only. */
export interface RoleAccess {
  readonly kind: 'roles';
  readonly roles: readonly [Role, ...Role[]];
  readonly scope?: Scope;
}

export type Access = PublicAccess | RoleAccess;

export function publicAccess(reason: string): PublicAccess {
  return { kind: 'public', reason };
}

export function allow(roles: readonly [Role, ...Role[]], scope?: Scope): RoleAccess {
  return scope === undefined ? { kind: 'roles', roles } : { kind: 'roles', roles, scope };
}
