import {
  settleApproved,
  WORKER,
  type QueueActor,
  type SettleParts,
  type StoredIntent,
} from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import type { KeyedHash } from '../http/index.ts';
import { changeStanding, lockStaff, type StaffMember } from '../identity/index.ts';
import type { Standing, StaffChangeIntent } from '../intents/index.ts';
import { parseId, type IntentId, type StaffId, type StaffRole } from '../shared/index.ts';
import { ControlError } from './errors.ts';

export interface StaffChangeParts extends SettleParts {
  /** Seals what staff may do. */
  readonly seals: KeyedHash;
}

function standingOf({ roles, suspended }: Standing): Standing {
  return { roles: [...roles], suspended };
}

/** On one line without what steers a display. */
function plain(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').slice(0, 200);
}

export interface StaffChangeRequest {
  readonly intent: IntentId;
  readonly staff: StaffId;
  readonly requester: StaffId;
  /** All that the account is to have. */
  readonly roles: readonly StaffRole[];
  readonly reason: string;
}

/**
 * Writes down that a member of staff is to have other roles, or the account back. The one who asks signs it next,
 * others approve, and only then it is.
 * @throws ControlError `staff_change_own`, `staff_change_empty`; IdentityError `staff_unknown`.
 */
export async function requestStaffChange(
  { queue, seals }: StaffChangeParts,
  tx: DatabaseTransaction,
  { intent: id, staff, requester, roles, reason }: StaffChangeRequest,
  by: QueueActor,
): Promise<StoredIntent> {
  if (staff === requester) throw new ControlError('staff_change_own', 'Somebody else asks for your roles.');
  const member = await lockStaff(tx, seals, staff);
  const wished = [...new Set(roles)].sort();
  if (!member.suspended && wished.every((role) => member.roles.includes(role))) {
    throw new ControlError('staff_change_empty', 'The account has this already; less is taken away at once.');
  }
  const { email, number } = member;
  const body = {
    ...{ staff, email, number, reason, name: plain(member.displayName) },
    before: standingOf(member),
    after: { roles: wished, suspended: false },
  };
  return await queue.submit(tx, await queue.draft(tx, { kind: 'staff_change', id, requester, body }), by);
}

/** What one officer takes away at once. */
export interface Revocation {
  readonly staff: StaffId;
  /** Those that are taken away; null: the whole account is suspended. */
  readonly roles: readonly StaffRole[] | null;
  readonly reason: string;
}

/**
 * Takes roles away, or suspends the account, at once. Nothing is ever given so.
 * @throws ControlError `staff_change_empty`; IdentityError `staff_unknown`, `staff_changed_meanwhile`.
 */
export async function revokeStaff(
  { seals, clock }: Pick<StaffChangeParts, 'seals' | 'clock'>,
  tx: DatabaseTransaction,
  { staff, roles, reason }: Revocation,
  by: QueueActor,
): Promise<StaffMember> {
  const member = await lockStaff(tx, seals, staff);
  const kept = member.roles.filter((role) => roles === null || !roles.includes(role));
  const next =
    roles === null
      ? { roles: [...member.roles], suspended: true }
      : { roles: kept, suspended: member.suspended };
  const isSame = roles === null ? member.suspended : kept.length === member.roles.length;
  if (isSame) throw new ControlError('staff_change_empty', 'The account does not have this.');
  await changeStanding(tx, { seals, clock }, member, { ...next, intent: null, reason }, by);
  return await lockStaff(tx, seals, staff);
}

/** The account is still the one that people were shown. */
function isAbout(member: StaffMember, { staff, email, number, before }: StaffChangeIntent['body']): boolean {
  return (
    member.id === staff &&
    member.email === email &&
    member.number === number &&
    member.suspended === before.suspended &&
    member.roles.join() === before.roles.join()
  );
}

async function carryOut(
  { seals, clock }: StaffChangeParts,
  tx: DatabaseTransaction,
  { id, intent }: StoredIntent<StaffChangeIntent>,
): Promise<string | undefined> {
  const { staff, after, reason } = intent.body;
  const member = await lockStaff(tx, seals, parseId('staff', staff));
  if (!member.sealed) {
    const text = 'The table says of this account’s roles what was never decided here.';
    const alert = { subject: staff, code: 'staff_standing_damaged', during: 'staff.change', text };
    await raiseAlert(tx, alert, WORKER, clock);
    return text;
  }
  if (!isAbout(member, intent.body)) return 'The account is not as it was when this was asked for.';
  await changeStanding(tx, { seals, clock }, member, { ...standingOf(after), intent: id, reason }, WORKER);
  return undefined;
}

/** Gives members of staff what was approved. May be repeated after a crash anywhere. @returns how many. */
export async function settleStaffChanges(parts: StaffChangeParts): Promise<number> {
  return await settleApproved(parts, {
    ...{ kind: 'staff_change', during: 'staff.change' },
    act: (tx, stored) => carryOut(parts, tx, stored),
  });
}
