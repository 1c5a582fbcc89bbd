import { actorOf, strengthOf } from '../audit/index.ts';
import type { Principal } from '../http/index.ts';
import { parseId, type CustomerId, type RequestId, type SessionId } from '../shared/index.ts';
import type { Origin } from './identity-audit.ts';
import type { Person } from './identity.ts';

/** The person behind a principal, or null for an integrator. */
export function personBehind({ kind, id }: Principal): Person | null {
  if (kind === 'customer') return { kind, id: parseId('customer', id) };
  return kind === 'staff' ? { kind, id: parseId('staff', id) } : null;
}

export interface SignedInPerson {
  readonly person: Person;
  readonly sessionId: SessionId;
}

/** Person and session of a caller; null without a session. */
export function sessionBehind(principal: Principal | null): SignedInPerson | null {
  const person = principal === null ? null : personBehind(principal);
  if (person === null || principal?.proof.kind !== 'session') return null;
  return { person, sessionId: parseId('session', principal.proof.sessionId) };
}

/** For operations that only sessions of people reach; the route table has seen to that. */
export function requireSession(principal: Principal): SignedInPerson {
  const session = sessionBehind(principal);
  if (session === null) throw new TypeError('an operation for people was reached without a session');
  return session;
}

/** Who caused what a request does, for the audit log. */
export function originOf(request: {
  readonly principal: Principal | null;
  readonly requestId: RequestId;
  readonly clientAddress: string;
}): Origin {
  const { principal, requestId, clientAddress: address } = request;
  return { actor: actorOf(principal), strength: strengthOf(principal), requestId, address };
}

/** For operations that only customers reach. */
export function requireCustomer(principal: Principal): CustomerId {
  if (principal.kind !== 'customer')
    throw new TypeError('an operation for customers was reached by somebody else');
  return parseId('customer', principal.id);
}
