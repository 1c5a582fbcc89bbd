/** Roles that people of the institution hold in the application; one person may hold several. */
export const STAFF_ROLES = ['compliance', 'officer', 'auditor', 'operator', 'admin'] as const;

export type StaffRole = (typeof STAFF_ROLES)[number];
