export { PolicyError, type PolicyErrorCode } from './errors.ts';
export { policyErrorMap } from './policy-error-map.ts';
export { PolicyInForce, type PolicyParts } from './policy-in-force.ts';
