export { PolicyError, type PolicyErrorCode } from './errors.ts';
export { policyErrorMap } from './policy-error-map.ts';
export type { PolicyChangeParts } from './policy-change-parts.ts';
export { listedAmong } from './listed-among.ts';
export { PolicyInForce, type PolicyParts } from './policy-in-force.ts';
export { policyRoutes } from './policy-routes.ts';
export { settlePolicyChanges } from './settle-policy-changes.ts';
export { watchPeople } from './watch-people.ts';
