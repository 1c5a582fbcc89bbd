export { createIdentity, type Identity, type IdentityOptions } from './compose-identity.ts';
export { originOf, requireCustomer } from './caller.ts';
export { createStaff } from './register.ts';
export { IdentityError, identityErrorMap, type IdentityErrorCode } from './identity-errors.ts';
