import { DomainError } from '../shared/index.ts';

export type ControlErrorCode = 'staff_change_empty' | 'staff_change_own';

export class ControlError extends DomainError<ControlErrorCode> {}

/** How refusals look over HTTP. */
export const controlErrorMap = {
  staff_change_empty: { status: 422, title: 'Nothing would change' },
  staff_change_own: { status: 403, title: 'Nobody asks for roles of their own' },
} as const satisfies Readonly<Record<ControlErrorCode, { status: number; title: string }>>;
