import type { DatabaseTransaction } from '../database/index.ts';
import { idToUuid, newId, type SessionId } from '../shared/index.ts';
import { ownedBy } from './account-store.ts';
import type { IdentityParts, Person } from './identity.ts';
import { hashToken, newSessionToken } from './tokens.ts';

export type Factor = 'password' | 'totp';

/** Where a request comes from, for the list of sessions that people look at. */
export interface Client {
  readonly address: string;
  readonly userAgent: string | null;
}

export interface OpenedSession {
  readonly id: SessionId;
  /** Handed to the browser once; only its hash is stored. */
  readonly token: string;
  readonly tokenHash: Uint8Array;
  readonly expiresAt: Date;
}

/** Always under a fresh token: whatever token a browser brought to the sign-in is never adopted. */
export async function openSession(
  tx: DatabaseTransaction,
  parts: IdentityParts,
  person: Person,
  factors: readonly Factor[],
  client: Client,
): Promise<OpenedSession> {
  const id = newId('session');
  const token = newSessionToken();
  const tokenHash = hashToken(token);
  const now = new Date(parts.clock.nowMs());
  const expiresAt = new Date(now.getTime() + parts.sessionLimits.absoluteMs);
  await tx.session.create({
    data: {
      id: idToUuid(id),
      tokenHash,
      ...ownedBy(person),
      factors: [...factors],
      createdAt: now,
      lastSeenAt: now,
      expiresAt,
      clientAddress: client.address,
      userAgent: client.userAgent,
    },
  });
  return { id, token, tokenHash, expiresAt };
}

export type EndReason = 'signed_out' | 'rotated' | 'revoked' | 'credential_changed';

export interface WhichSessions {
  readonly only?: SessionId;
  readonly except?: SessionId;
}

/** Ends live sessions of a person and says how many there were. */
export async function endSessions(
  tx: DatabaseTransaction,
  parts: IdentityParts,
  person: Person,
  which: WhichSessions,
  reason: EndReason,
): Promise<number> {
  const { count } = await tx.session.updateMany({
    where: {
      ...ownedBy(person),
      endedAt: null,
      ...(which.only === undefined ? {} : { id: idToUuid(which.only) }),
      ...(which.except === undefined ? {} : { id: { not: idToUuid(which.except) } }),
    },
    data: { endedAt: new Date(parts.clock.nowMs()), endReason: reason },
  });
  return count;
}
