import {
  CLEARED_SESSION_COOKIE,
  csrfTokenOf,
  handle,
  sessionCookie,
  type BoundOperation,
  type OperationRequest,
} from '../http/index.ts';
import { inTransaction } from '../database/index.ts';
import { idFromUuid } from '../shared/index.ts';
import { ownedBy } from './account-store.ts';
import { originOf, requireSession, sessionBehind } from './caller.ts';
import { record } from './identity-audit.ts';
import * as contract from './identity-contract.ts';
import { IdentityError } from './identity-errors.ts';
import type { IdentityParts, Person } from './identity.ts';
import { endSessions } from './session.ts';
import { signIn } from './sign-in.ts';

type SignInRequest = OperationRequest<typeof contract.signIn> | OperationRequest<typeof contract.signInStaff>;

async function answerSignIn(parts: IdentityParts, kind: Person['kind'], request: SignInRequest) {
  const { email, password, code } = request.body;
  const { userAgent } = request;
  const replacing = sessionBehind(request.principal);
  const attempt = { kind, email, password, code, userAgent, replacing };
  // Whoever is signed in already has proven nothing about the account that is asked for now.
  const origin = originOf({ ...request, principal: null });
  const { account, session } = await signIn(parts, attempt, origin);
  const roles = kind === 'customer' ? (['customer'] as const) : account.staffRoles;
  return {
    status: 201 as const,
    body: {
      id: account.person.id,
      displayName: account.displayName,
      roles: [...roles],
      csrfToken: csrfTokenOf(parts.hash, session.tokenHash),
      expiresAt: session.expiresAt,
    },
    cookie: sessionCookie(session.token, parts.sessionLimits.absoluteMs / 1000),
  };
}

async function liveSessions(parts: IdentityParts, person: Person) {
  const now = parts.clock.nowMs();
  return await parts.database.session.findMany({
    where: {
      ...ownedBy(person),
      endedAt: null,
      expiresAt: { gt: new Date(now) },
      lastSeenAt: { gt: new Date(now - parts.sessionLimits.idleMs) },
    },
    orderBy: { id: 'desc' },
  });
}

const OPEN = { before: { ended: false } } as const;

/** Signing in and out, and the sessions of the caller. */
export function sessionRoutes(parts: IdentityParts): BoundOperation[] {
  return [
    handle(contract.signIn, (request) => answerSignIn(parts, 'customer', request)),
    handle(contract.signInStaff, (request) => answerSignIn(parts, 'staff', request)),
    handle(contract.signOut, async (request) => {
      const { person, sessionId } = requireSession(request.principal);
      await inTransaction(parts.database, async (tx) => {
        await endSessions(tx, parts, person, { only: sessionId }, 'signed_out');
        await record(tx, parts, originOf(request), 'session.end', sessionId, { ended: true }, OPEN);
      });
      return { status: 204, cookie: CLEARED_SESSION_COOKIE };
    }),
    handle(contract.listSessions, async ({ principal }) => {
      const { person, sessionId } = requireSession(principal);
      const rows = await liveSessions(parts, person);
      const items = rows.map((row) => {
        const id = idFromUuid('session', row.id);
        return { ...row, id, current: id === sessionId };
      });
      return { status: 200, body: { items } };
    }),
    handle(contract.revokeSession, async (request) => {
      const { person } = requireSession(request.principal);
      const { sessionId } = request.params;
      await inTransaction(parts.database, async (tx) => {
        const ended = await endSessions(tx, parts, person, { only: sessionId }, 'revoked');
        if (ended === 0) throw new IdentityError('session_unknown', 'You have no such session.');
        await record(tx, parts, originOf(request), 'session.end', sessionId, { ended: true }, OPEN);
      });
      return { status: 204 };
    }),
  ];
}
