import { inTransaction } from '../database/index.ts';
import { idToUuid, type SessionId } from '../shared/index.ts';
import { announce } from './announce.ts';
import { confirmPassword } from './confirm-password.ts';
import { record, type Origin } from './identity-audit.ts';
import { IdentityError } from './identity-errors.ts';
import type { IdentityParts, Person } from './identity.ts';
import { preparePassword, storePassword } from './register.ts';
import { endSessions } from './session.ts';

/**
 * Replaces the password and ends every other session of the person: whoever knew the old one is out.
 * @throws IdentityError `password_wrong`, `password_weak`.
 */
export async function changePassword(
  parts: IdentityParts,
  person: Person,
  change: { readonly current: string; readonly next: string },
  sessionId: SessionId,
  origin: Origin,
): Promise<void> {
  const { password, email } = await confirmPassword(parts, person, change.current, origin);
  const passwordHash = await preparePassword(change.next, email);
  await inTransaction(parts.database, async (tx) => {
    const now = new Date(parts.clock.nowMs());
    const { count } = await tx.credential.updateMany({
      where: { id: idToUuid(password?.id ?? sessionId), revokedAt: null },
      data: { revokedAt: now, slot: null, passwordHash: null },
    });
    // Somebody else changed it between our look and now.
    if (count !== 1) throw new IdentityError('password_wrong', 'This is not your password any more.');
    await storePassword(tx, person, passwordHash, now);
    await endSessions(tx, parts, person, { except: sessionId }, 'credential_changed');
    const before = { kind: 'password', id: password?.id ?? null };
    await record(
      tx,
      parts,
      origin,
      'credential.add',
      person.id,
      { kind: 'password', replaced: true },
      { before },
    );
    await announce(tx, parts, person, 'password.changed');
  });
}
