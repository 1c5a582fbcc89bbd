import type { Scope } from '../http/access-contract.ts';
import type { Authenticator, Principal, SessionProof } from '../http/index.ts';
import { idFromUuid, idToUuid } from '../shared/index.ts';
import { inTransaction } from '../database/index.ts';
import { personOf, type IdentityParts, type Person } from './identity.ts';
import { endSessions } from './session.ts';
import { alertUnsealed, isSealed, STANDING_COLUMNS, type StandingRow } from './standing.ts';
import { hashToken, isSessionToken, parseApiKey, sameBytes } from './tokens.ts';

/** Writing down every request would make every read a write. */
const SEEN_RESOLUTION_MS = 60_000;

/** Signed out everywhere, so that operators hear of it once and not with every request. */
async function refuseUnsealed(parts: IdentityParts, person: Person, row: StandingRow): Promise<void> {
  await inTransaction(parts.database, async (tx) => {
    const ended = await endSessions(tx, parts, person, {}, 'revoked');
    if (ended > 0) await alertUnsealed(tx, parts, row, 'session.use');
  });
}

async function fromSessionToken(parts: IdentityParts, token: string): Promise<Principal | null> {
  if (!isSessionToken(token)) return null;
  const row = await parts.database.session.findUnique({
    where: { tokenHash: hashToken(token) },
    include: { staff: { select: STANDING_COLUMNS } },
  });
  const person = row === null ? null : personOf(row);
  if (row === null || person === null) return null;
  const nowMs = parts.clock.nowMs();
  const idleMs = nowMs - row.lastSeenAt.getTime();
  if (row.endedAt !== null || row.expiresAt.getTime() <= nowMs || idleMs >= parts.sessionLimits.idleMs)
    return null;
  if (row.staff !== null && row.staff.disabledAt !== null) return null;
  if (row.staff !== null && !isSealed(parts.seals, row.staff)) {
    await refuseUnsealed(parts, person, row.staff);
    return null;
  }
  if (idleMs >= SEEN_RESOLUTION_MS) {
    await parts.database.session.updateMany({
      where: { id: row.id, endedAt: null, lastSeenAt: { lt: new Date(nowMs) } },
      data: { lastSeenAt: new Date(nowMs) },
    });
  }
  return {
    kind: person.kind,
    id: person.id,
    roles: row.staff === null ? ['customer'] : (row.staff.roles as Principal['roles']),
    proof: {
      kind: 'session',
      sessionId: idFromUuid('session', row.id),
      factors: row.factors as SessionProof['factors'],
      tokenHash: row.tokenHash,
    },
  };
}

async function fromApiKey(parts: IdentityParts, key: string): Promise<Principal | null> {
  const parsed = parseApiKey(key);
  if (parsed === null) return null;
  const row = await parts.database.credential.findUnique({
    where: { id: idToUuid(parsed.id) },
    include: { integrator: { select: { disabledAt: true } } },
  });
  // Compared even when it is revoked: how long this takes says nothing about the key's fate.
  const fits = sameBytes(row?.secretHash ?? new Uint8Array(32), hashToken(parsed.secret));
  if (row === null || !fits || row.kind !== 'api_key' || row.revokedAt !== null) return null;
  const nowMs = parts.clock.nowMs();
  if (row.expiresAt !== null && row.expiresAt.getTime() <= nowMs) return null;
  if (row.integrator !== null && row.integrator.disabledAt !== null) return null;
  if (nowMs - (row.lastUsedAt?.getTime() ?? 0) >= SEEN_RESOLUTION_MS) {
    await parts.database.credential.updateMany({
      where: { id: row.id, revokedAt: null },
      data: { lastUsedAt: new Date(nowMs) },
    });
  }
  const proof = { kind: 'api_key', keyId: parsed.id, scopes: row.scopes as Scope[] } as const;
  if (row.integratorId !== null) {
    const id = idFromUuid('integrator', row.integratorId);
    return { kind: 'integrator', id, roles: ['integrator'], proof };
  }
  if (row.customerId === null) return null;
  return { kind: 'customer', id: idFromUuid('customer', row.customerId), roles: ['customer'], proof };
}

/** Sessions and API keys as the HTTP kit asks for them; both are read from the database every time. */
export function createAuthenticator(parts: IdentityParts): Authenticator {
  return {
    fromSessionToken: (token) => fromSessionToken(parts, token),
    fromApiKey: (key) => fromApiKey(parts, key),
  };
}
