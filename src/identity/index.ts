export { createIdentity, type Identity, type IdentityOptions } from './compose-identity.ts';
export { originOf, requireCustomer } from './caller.ts';
export { confirmStaff, createStaff, type StaffParts } from './register.ts';
export { changeStanding, listStaff, lockStaff, type StaffMember } from './standing.ts';
export { IdentityError, identityErrorMap, type IdentityErrorCode } from './identity-errors.ts';
