import type { Scope } from '../http/access-contract.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import {
  idFromUuid,
  idToUuid,
  type CredentialId,
  type CustomerId,
  type IntegratorId,
} from '../shared/index.ts';
import { isTaken } from './account-store.ts';
import { announce } from './announce.ts';
import { record, type Origin } from './identity-audit.ts';
import { IdentityError } from './identity-errors.ts';
import type { IdentityParts } from './identity.ts';
import { newApiKey } from './tokens.ts';

/** Who a key acts for. */
export type KeyOwner =
  | { readonly kind: 'customer'; readonly id: CustomerId }
  | { readonly kind: 'integrator'; readonly id: IntegratorId };

export interface ApiKey {
  readonly id: CredentialId;
  readonly label: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
}

function ownedBy(owner: KeyOwner): { customerId: string } | { integratorId: string } {
  const id = idToUuid(owner.id);
  return owner.kind === 'customer' ? { customerId: id } : { integratorId: id };
}

/** Makes a key. The text is returned once and stored nowhere. */
export async function createApiKey(
  tx: DatabaseTransaction,
  parts: IdentityParts,
  owner: KeyOwner,
  wish: {
    readonly id: CredentialId;
    readonly label: string;
    readonly scopes: readonly Scope[];
    readonly expiresAt: Date | null;
  },
  origin: Origin,
): Promise<{ readonly apiKey: ApiKey; readonly key: string }> {
  const now = new Date(parts.clock.nowMs());
  const { key, secretHash } = newApiKey(wish.id);
  const scopes = [...new Set(wish.scopes)];
  await tx.credential.create({
    data: {
      id: idToUuid(wish.id),
      kind: 'api_key',
      ...ownedBy(owner),
      label: wish.label,
      createdAt: now,
      confirmedAt: now,
      expiresAt: wish.expiresAt,
      secretHash,
      scopes,
    },
  });
  const { id, label, expiresAt } = wish;
  await record(tx, parts, origin, 'credential.add', id, { owner: owner.id, kind: 'api_key', scopes });
  await announce(tx, parts, owner, 'api_key.created', {
    ...{ credential: id, label, scopes },
    expiresAt: expiresAt?.toISOString() ?? null,
  });
  return { key, apiKey: { id, label, scopes, createdAt: now, expiresAt, lastUsedAt: null } };
}

/** Keys that are not revoked, oldest first. */
export async function listApiKeys(parts: IdentityParts, owner: KeyOwner): Promise<ApiKey[]> {
  const rows = await parts.database.credential.findMany({
    where: { ...ownedBy(owner), kind: 'api_key', revokedAt: null },
    orderBy: { id: 'asc' },
  });
  return rows.map((row) => ({
    id: idFromUuid('credential', row.id),
    label: row.label,
    // Written by `createApiKey` alone, from the closed list.
    scopes: row.scopes as Scope[],
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    lastUsedAt: row.lastUsedAt,
  }));
}

/** @throws IdentityError `api_key_unknown`: also for a key of somebody else. */
export async function revokeApiKey(
  parts: IdentityParts,
  owner: KeyOwner,
  id: CredentialId,
  origin: Origin,
): Promise<void> {
  await inTransaction(parts.database, async (tx) => {
    const [revoked] = await tx.credential.updateManyAndReturn({
      where: { ...ownedBy(owner), id: idToUuid(id), kind: 'api_key', revokedAt: null },
      data: { revokedAt: new Date(parts.clock.nowMs()) },
      select: { label: true },
    });
    if (revoked === undefined)
      throw new IdentityError('api_key_unknown', 'There is no such API key of yours.');
    const facts = { owner: owner.id, kind: 'api_key' };
    const before = { ...facts, label: revoked.label, revoked: false };
    await record(tx, parts, origin, 'credential.revoke', id, { ...facts, revoked: true }, { before });
    await announce(tx, parts, owner, 'api_key.revoked', { credential: id, label: revoked.label });
  });
}

/** @throws IdentityError `name_taken`. */
export async function registerIntegrator(
  tx: DatabaseTransaction,
  id: IntegratorId,
  name: string,
  now: Date,
): Promise<void> {
  try {
    await tx.integrator.create({ data: { id: idToUuid(id), name, createdAt: now } });
  } catch (error) {
    if (isTaken(error)) throw new IdentityError('name_taken', 'Another integrator has this name.');
    throw error;
  }
}

/** @throws IdentityError `integrator_unknown`. */
export async function requireIntegrator(tx: DatabaseTransaction, id: IntegratorId): Promise<void> {
  const row = await tx.integrator.findUnique({ where: { id: idToUuid(id) } });
  if (row === null || row.disabledAt !== null) {
    throw new IdentityError('integrator_unknown', 'There is no such integrator.');
  }
}
