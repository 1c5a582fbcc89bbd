export { plainPolicy, type PlainPolicyOptions } from './plain-policy.ts';
