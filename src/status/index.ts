export { statusFrom, type StatusFacts } from './status.ts';
export * from './status-contract.ts';
