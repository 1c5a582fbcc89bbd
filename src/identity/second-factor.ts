import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { idToUuid, newId } from '../shared/index.ts';
import { accountOf, ownedBy, slotOf, type TotpCredential } from './account-store.ts';
import { announce } from './announce.ts';
import { IdentityError } from './identity-errors.ts';
import type { IdentityParts, Person } from './identity.ts';
import { confirmPassword } from './confirm-password.ts';
import { record, type Origin } from './identity-audit.ts';
import { seal, unseal } from './seal.ts';
import { matchTotp, newTotpSecret, totpUri } from './totp.ts';

/**
 * Checks a code and uses it up. The update is guarded by the step that was read, so of two requests with the
 * same code one loses.
 */
export async function useCode(
  tx: DatabaseTransaction,
  parts: IdentityParts,
  person: Person,
  totp: TotpCredential,
  code: string,
): Promise<boolean> {
  const secret = unseal(parts.hash, person.id, totp.sealed);
  const nowMs = parts.clock.nowMs();
  const step = matchTotp(secret, code, nowMs, totp.lastStep);
  if (step === null) return false;
  const { count } = await tx.credential.updateMany({
    where: { id: idToUuid(totp.id), revokedAt: null, totpLastStep: totp.lastStep },
    data: { totpLastStep: step, lastUsedAt: new Date(nowMs) },
  });
  return count === 1;
}

async function revoke(tx: DatabaseTransaction, totp: TotpCredential, now: Date): Promise<void> {
  await tx.credential.updateMany({
    where: { id: idToUuid(totp.id), revokedAt: null },
    data: { revokedAt: now, slot: null, totpSealed: null },
  });
}

/**
 * Begins to add a second factor: the secret counts only once a code has proven that an app holds it.
 * @throws IdentityError `password_wrong`, `second_factor_present`.
 */
export async function beginSecondFactor(
  parts: IdentityParts,
  person: Person,
  password: string,
  origin: Origin,
): Promise<{ readonly uri: string }> {
  const account = await confirmPassword(parts, person, password, origin);
  if (account.totp?.confirmed === true) {
    throw new IdentityError('second_factor_present', 'Remove the present second factor first.');
  }
  const secret = newTotpSecret();
  const now = new Date(parts.clock.nowMs());
  await inTransaction(parts.database, async (tx) => {
    if (account.totp !== null) await revoke(tx, account.totp, now);
    const id = newId('credential');
    await record(tx, parts, origin, 'credential.add', id, { owner: person.id, kind: 'totp' });
    await tx.credential.create({
      data: {
        id: idToUuid(id),
        kind: 'totp',
        ...ownedBy(person),
        label: 'Authenticator app',
        createdAt: now,
        slot: slotOf('totp', person),
        totpSealed: seal(parts.hash, person.id, secret),
      },
    });
  });
  return { uri: totpUri(secret, account.email) };
}

/** @throws IdentityError `second_factor_absent`, `second_factor_present`, `code_wrong`. */
export async function confirmSecondFactor(
  parts: IdentityParts,
  person: Person,
  code: string,
  origin: Origin,
): Promise<void> {
  await parts.throttles.account.take(person.id);
  await inTransaction(parts.database, async (tx) => {
    const { totp } = await accountOf(tx, person);
    if (totp === null) throw new IdentityError('second_factor_absent', 'Begin to add a second factor first.');
    if (totp.confirmed) throw new IdentityError('second_factor_present', 'It is confirmed already.');
    if (!(await useCode(tx, parts, person, totp, code))) {
      throw new IdentityError('code_wrong', 'This code does not fit; check the clock of your device.');
    }
    await tx.credential.updateMany({
      where: { id: idToUuid(totp.id), revokedAt: null },
      data: { confirmedAt: new Date(parts.clock.nowMs()) },
    });
    const facts = { owner: person.id, kind: 'totp' };
    const before = { ...facts, confirmed: false };
    await record(tx, parts, origin, 'credential.confirm', totp.id, { ...facts, confirmed: true }, { before });
    await announce(tx, parts, person, 'second_factor.added');
  });
}

/** @throws IdentityError `password_wrong`, `second_factor_absent`, `code_wrong`. */
export async function removeSecondFactor(
  parts: IdentityParts,
  person: Person,
  proof: { readonly password: string; readonly code: string },
  origin: Origin,
): Promise<void> {
  await confirmPassword(parts, person, proof.password, origin);
  await inTransaction(parts.database, async (tx) => {
    const { totp } = await accountOf(tx, person);
    if (totp === null) throw new IdentityError('second_factor_absent', 'There is none to remove.');
    if (!(await useCode(tx, parts, person, totp, proof.code))) {
      throw new IdentityError('code_wrong', 'This code does not fit.');
    }
    await revoke(tx, totp, new Date(parts.clock.nowMs()));
    const facts = { owner: person.id, kind: 'totp' };
    const before = { ...facts, revoked: false };
    await record(tx, parts, origin, 'credential.revoke', totp.id, { ...facts, revoked: true }, { before });
    await announce(tx, parts, person, 'second_factor.removed');
  });
}
