import type { Principal } from '../http/index.ts';
import { parseId } from '../shared/index.ts';
import type { AuditActor, AuthenticationStrength } from './audit-entry.ts';

/** Who is behind a request. */
export function actorOf(principal: Principal | null): AuditActor {
  if (principal === null) return { kind: 'anonymous' };
  const { kind, id } = principal;
  if (kind === 'customer') return { kind, id: parseId('customer', id) };
  return kind === 'staff' ? { kind, id: parseId('staff', id) } : { kind, id };
}

/** How that was shown. */
export function strengthOf(principal: Principal | null): AuthenticationStrength {
  if (principal === null) return 'none';
  if (principal.proof.kind === 'api_key') return 'api_key';
  const { factors } = principal.proof;
  if (factors.includes('passkey')) return 'passkey';
  return factors.includes('totp') ? 'password_totp' : 'password';
}
