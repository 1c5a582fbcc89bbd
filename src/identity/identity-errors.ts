import { DomainError } from '../shared/index.ts';

export type IdentityErrorCode =
  | 'sign_in_failed'
  | 'second_factor_required'
  | 'password_wrong'
  | 'password_weak'
  | 'email_taken'
  | 'name_taken'
  | 'code_wrong'
  | 'second_factor_present'
  | 'second_factor_absent'
  | 'session_unknown'
  | 'api_key_unknown'
  | 'customer_unknown'
  | 'integrator_unknown'
  | 'staff_unknown'
  | 'staff_changed_meanwhile'
  | 'staff_standing_damaged'
  | 'sign_in_busy';

export class IdentityError extends DomainError<IdentityErrorCode> {}

/** How identity's refusals look over HTTP. */
export const identityErrorMap = {
  sign_in_failed: { status: 401, title: 'Sign-in failed' },
  second_factor_required: { status: 401, title: 'A second factor is needed' },
  password_wrong: { status: 403, title: 'The password is wrong' },
  password_weak: { status: 422, title: 'The password is too weak' },
  email_taken: { status: 409, title: 'The e-mail address is in use' },
  name_taken: { status: 409, title: 'The name is in use' },
  code_wrong: { status: 422, title: 'The code is wrong' },
  second_factor_present: { status: 409, title: 'There is a second factor already' },
  second_factor_absent: { status: 404, title: 'There is no second factor' },
  session_unknown: { status: 404, title: 'There is no such session' },
  api_key_unknown: { status: 404, title: 'There is no such API key' },
  customer_unknown: { status: 404, title: 'There is no such customer' },
  integrator_unknown: { status: 404, title: 'There is no such integrator' },
  staff_unknown: { status: 404, title: 'There is no such member of staff' },
  staff_changed_meanwhile: { status: 409, title: 'The account was changed meanwhile' },
  staff_standing_damaged: { status: 500, title: 'The stored roles are damaged' },
  sign_in_busy: { status: 503, title: 'Too many sign-ins at once' },
} as const satisfies Readonly<Record<IdentityErrorCode, { status: number; title: string }>>;
