import { z } from 'zod';
import { networkName, plainText } from '../intents/index.ts';
import { CERTIFICATE_ROLES, MIN_THRESHOLD } from '../keyring/index.ts';
import { StationError } from './errors.ts';

const person = plainText.min(1).max(64);
const days = z.int().min(1).max(7_305);

/** Who is to hold what after a ceremony. */
const planSchema = z.strictObject({
  institution: person,
  network: networkName,
  /** Who keeps the file of the root's key; null when the root exists already. */
  rootKeeper: person.nullable(),
  rootDays: days.default(3_653),
  officerDays: days.default(731),
  officers: z.array(z.strictObject({ person, role: z.enum(CERTIFICATE_ROLES).exclude(['root']) })).max(40),
  /** The disaster key; null to leave it for another day. */
  disaster: z.strictObject({ threshold: z.int(), holders: z.array(person) }).nullable(),
});

export type CeremonyPlan = z.infer<typeof planSchema>;

function refused(text: string): StationError {
  return new StationError('ceremony_refused', text);
}

/** Any two of these roles together spend. */
const MASTER_ROLES = ['cold', 'backup', 'platform'] as const;

function holdersOf({ officers }: CeremonyPlan, role: (typeof MASTER_ROLES)[number]): readonly string[] {
  const [a, b] = ['a', 'b'].map((letter) =>
    officers.filter((officer) => officer.role === `${role}-master-${letter}`),
  );
  if (a === undefined || b === undefined || a.length !== b.length || a.length > 1) {
    throw refused(`The ${role} masters A and B are made together, one of each.`);
  }
  const [first, second] = [a[0]?.person, b[0]?.person];
  if (first === undefined || second === undefined) return [];
  if (first === second) throw refused(`Both ${role} masters with one person would be one key.`);
  return [first, second];
}

/**
 * Checks that no single person could do what takes two: masters A and B of a role, or masters of two roles.
 * @throws StationError `document_malformed`, `ceremony_refused`.
 */
export function parseCeremonyPlan(value: unknown): CeremonyPlan {
  const parsed = planSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StationError('document_malformed', 'This is not the plan of a ceremony.', {
      details: { path: issue?.path.join('.') ?? '', reason: issue?.message ?? '' },
    });
  }
  const plan = parsed.data;
  if (plan.officers.length === 0 && plan.disaster === null) throw refused('There is nothing to make.');
  const roleOf = new Map<string, string>();
  for (const role of MASTER_ROLES) {
    for (const name of holdersOf(plan, role)) {
      const other = roleOf.get(name);
      if (other !== undefined) throw refused(`${name} would hold a ${other} and a ${role} master.`);
      roleOf.set(name, role);
    }
  }
  for (const { person: name, role } of plan.officers) {
    if (plan.officers.filter((other) => other.role === role && other.person === name).length > 1)
      throw refused(`${name} is named twice as ${role}.`);
  }
  if (plan.disaster !== null) {
    const { threshold, holders } = plan.disaster;
    if (threshold < MIN_THRESHOLD || holders.length < threshold || holders.length > 20)
      throw refused(`At least ${MIN_THRESHOLD} shares must be needed together, of at most 20.`);
    if (new Set(holders).size !== holders.length) throw refused('Nobody holds two shares.');
  }
  return plan;
}
